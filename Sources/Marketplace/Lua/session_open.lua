-- Opens a session after the password was found right.
-- A[1] hash of the address   A[2] user id   A[3] the encoded password hash that was verified   A[4] hash of the token
-- A[5] offset of the clock in ms   A[6] lifetime in ms   A[7] sessions at most   A[8] renewed password hash or ""
-- Reply ok(expiry in ms, HGETALL of the user); refuse locked_out (ms), invalid_credentials, not_confirmed,
-- account_suspended
-- Atomic. The lock is looked at again here: of a thousand guesses at once, those that come back after the fifth wrong one
-- are refused even if right. The password is compared again: it may have been changed while Argon2 was working.
local t = now + tonumber(A[5])
local locked = sessions.locked(keys.lock(A[1]), t)
if locked > 0 then return refuse("locked_out", tostring(locked)) end
local user = keys.user(A[2])
local found = redis.call("HMGET", user, "password", "confirmed", "suspended")
if found[1] ~= A[3] then return refuse("invalid_credentials", "The address or the password is wrong.") end
if found[2] ~= "1" then return refuse("not_confirmed", "Confirm the address first, by the code that was mailed to it.") end
if found[3] then return sessions.suspended() end
local lifetime = tonumber(A[6])
local index = keys.sessions(A[2])
redis.call("DEL", keys.lock(A[1]))
if A[8] ~= "" then redis.call("HSET", user, "password", A[8]) end
redis.call("ZREMRANGEBYSCORE", index, "-inf", t)
local excess = redis.call("ZCARD", index) - tonumber(A[7])
if excess >= 0 then
  for _, hash in ipairs(redis.call("ZRANGE", index, 0, excess)) do redis.call("DEL", keys.session(hash)) end
  redis.call("ZREMRANGEBYRANK", index, 0, excess)
end
local session = keys.session(A[4])
redis.call("HSET", session, "user", A[2], "created", t, "seen", t, "expires", t + lifetime)
redis.call("PEXPIRE", session, lifetime)
redis.call("ZADD", index, t + lifetime, A[4])
return ok(tostring(t + lifetime), redis.call("HGETALL", user))
