-- Mails a new code to an address, if its account is in the state that this kind of code is for.
-- A[1] kind: confirm or reset   A[2] address   A[3] hash of the code   A[4] offset of the clock in ms
-- A[5] lifetime in ms   A[6] ms between two mails
-- jobs[1] mail with the code
-- Reply ok("sent" | "none"), which stays inside: the caller answers both the same.
-- Atomic: the code that is stored is the code that is mailed.
local t = now + tonumber(A[4])
local id = redis.call("HGET", keys.emails(), A[2])
if not id then return ok("none") end
local confirmed = redis.call("HGET", keys.user(id), "confirmed") == "1"
if confirmed ~= (A[1] == "reset") then return ok("none") end
if not codes.may_issue(A[1], id, t, tonumber(A[6])) then return ok("none") end
codes.issue(A[1], id, A[3], t, tonumber(A[5]))
enqueue(jobs[1])
return ok("sent")
