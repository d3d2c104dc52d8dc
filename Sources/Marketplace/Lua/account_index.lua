-- Puts accounts of older builds, which kept no list, on the list that operators page through: a part at a time.
-- A[1] cursor, "0" at first   A[2] about how many at a time
-- Reply ok(next cursor, "0" at the end, how many were looked at)
-- Can be repeated and run by several at once: who is on the list stays where they are.
local page = redis.call("HSCAN", keys.emails(), A[1], "COUNT", A[2])
for i = 2, #page[2], 2 do
  local created = redis.call("HGET", keys.user(page[2][i]), "created")
  if created then accounts.list(page[2][i], created) end
end
return ok(page[1], #page[2] / 2)
