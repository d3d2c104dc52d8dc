-- The account of an address and whether the address is locked.
-- A[1] address   A[2] hash of the address   A[3] offset of the clock in ms
-- Reply ok(ms that it is locked for, HGETALL of the user or {})
-- Reads only; one step for one round trip. The lock is by address, so that it does not tell who has an account.
local id = redis.call("HGET", keys.emails(), A[1])
local locked = sessions.locked(keys.lock(A[2]), now + tonumber(A[3]))
return ok(locked, id and redis.call("HGETALL", keys.user(id)) or {})
