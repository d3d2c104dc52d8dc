-- Confirms an address by its code; a seller gets a slug.
-- A[1] address   A[2] hash of the code   A[3] offset of the clock in ms   A[4] wrong codes allowed   A[5] random suffix
-- Reply ok(HGETALL of the user); refuse code_invalid
-- Atomic, so that of two confirmations one confirms; the other, if it has the same code, gets the same answer.
local id = redis.call("HGET", keys.emails(), A[1])
local verdict = id and codes.take("confirm", id, A[2], now + tonumber(A[3]), tonumber(A[4]))
if not verdict then return refuse("code_invalid") end
local user = keys.user(id)
if verdict == "ok" and redis.call("HGET", user, "confirmed") ~= "1" then
  local fields = redis.call("HMGET", user, "groups", "slug_base")
  if accounts.belongs(fields[1], "seller") then accounts.name_seller(id, fields[2], A[5]) end
  redis.call("HSET", user, "confirmed", 1)
end
return ok(redis.call("HGETALL", user))
