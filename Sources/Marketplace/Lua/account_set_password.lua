-- Sets a new password and ends all sessions of the account.
-- A[1] "reset" or "change"   A[2] address (reset) or user id (change)   A[3] hash of the code (reset) or the encoded
-- password hash that was verified (change)   A[4] encoded hash of the new password   A[5] offset of the clock in ms
-- A[6] wrong codes allowed   A[7] hash of the address
-- jobs[1] mail that says so
-- Reply ok(sessions ended); refuse code_invalid, wrong_password
-- Atomic: no moment with the new password and old sessions, and of two resets with one code one counts.
local id, t = A[2], now + tonumber(A[5])
if A[1] == "reset" then
  id = redis.call("HGET", keys.emails(), A[2])
  if not id or codes.take("reset", id, A[3], t, tonumber(A[6])) ~= "ok" then return refuse("code_invalid") end
elseif redis.call("HGET", keys.user(id), "password") ~= A[3] then
  return refuse("wrong_password", "The password was changed in the meantime.")
end
redis.call("HSET", keys.user(id), "password", A[4])
redis.call("DEL", keys.lock(A[7]))
local ended = sessions.end_all(id)
enqueue(jobs[1])
return ok(ended)
