-- Who a session belongs to; moves its expiry.
-- A[1] hash of the token   A[2] offset of the clock in ms   A[3] lifetime in ms   A[4] lifetime at most in ms
-- A[5] ms that the expiry must move by to be worth a write
-- Reply ok(creation in ms, expiry in ms, HGETALL of the user); refuse session_invalid, account_suspended
-- One step, so that a session that was ended can't be moved back to life.
local t = now + tonumber(A[2])
local key = keys.session(A[1])
local session = redis.call("HMGET", key, "user", "created", "expires")
if not session[1] or t >= tonumber(session[3]) then
  return refuse("session_invalid", "The session has ended. Sign in again.")
end
local user = redis.call("HGETALL", keys.user(session[1]))
if #user == 0 then return refuse("session_invalid", "The session has ended. Sign in again.") end
for i = 1, #user, 2 do
  if user[i] == "suspended" then return sessions.suspended() end
end
local created, expires = tonumber(session[2]), tonumber(session[3])
local wanted = math.min(t + tonumber(A[3]), created + tonumber(A[4]))
if wanted - expires >= tonumber(A[5]) then
  redis.call("HSET", key, "expires", wanted, "seen", t)
  redis.call("PEXPIRE", key, wanted - t)
  redis.call("ZADD", keys.sessions(session[1]), wanted, A[1])
  expires = wanted
end
return ok(tostring(created), tostring(expires), user)
