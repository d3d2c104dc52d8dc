-- Products by id or slug, with their sellers' names.
-- A[i] an id or a slug
-- Reply ok(list of records, {} for what there is none of)
-- Reads only; one step for one round trip.
local records, sellers = {}, {}
for i = 1, #A do
  local id = A[i]
  if redis.call("EXISTS", keys.product(id)) == 0 then id = redis.call("HGET", keys.slugs(), A[i]) end
  records[i] = id and products.flat(id, sellers) or {}
end
return ok(records)
