-- How many published products each category has.
-- A[i] slug of a category
-- Reply ok(list of counts)
local counts = {}
for i = 1, #A do counts[i] = redis.call("ZCARD", keys.catalog("c:" .. A[i] .. ":", "newest")) end
return ok(counts)
