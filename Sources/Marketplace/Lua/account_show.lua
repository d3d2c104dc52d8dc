-- One account as operators see it.
-- A[1] user id, or "" for the address   A[2] address   A[3] offset of the clock in ms
-- Reply ok(names and values, see accounts.flat); refuse not_found
-- Reads only; one step, so that the sessions belong to the record.
local id = A[1] ~= "" and A[1] or redis.call("HGET", keys.emails(), A[2])
local record = id and accounts.get(id)
if not record then return refuse("not_found", "There is no such account.") end
return ok(accounts.flat(record, now + tonumber(A[3])))
