-- Suspends an account, or ends its suspension.
-- A[1] user id   A[2] "suspend" or "resume"   A[3] reason   A[4] offset of the clock in ms
-- Reply ok(1 if anything changed, sessions ended, names and values of accounts.flat); refuse not_found
-- Atomic: no moment in which the account is suspended and a session of it is good, as session_touch and session_open read
-- the same field. The sessions of a suspended account are dead, but stay where they are until it is resumed, so that who
-- comes with one is told why.
local record = accounts.get(A[1])
if not record then return refuse("not_found", "There is no such account.") end
local t = now + tonumber(A[4])
local changed, ended = 0, 0
if A[2] == "suspend" and not record.suspended then
  changed, ended = 1, redis.call("ZCOUNT", keys.sessions(A[1]), "(" .. t, "+inf")
  redis.call("HSET", keys.user(A[1]), "suspended", string.format("%.0f", t), "suspension_reason", A[3])
elseif A[2] == "resume" and record.suspended then
  changed = 1
  sessions.end_all(A[1])
  redis.call("HDEL", keys.user(A[1]), "suspended", "suspension_reason")
end
return ok(changed, ended, accounts.flat(accounts.get(A[1]), t))
