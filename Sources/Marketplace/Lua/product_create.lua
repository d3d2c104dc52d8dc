-- Makes a draft.
-- A[1] id   A[2] seller   A[3] wish for the slug   A[4] random suffix   A[5] title   A[6] description   A[7] price
-- A[8] currency   A[9] category   A[10] tags (JSON)   A[11] download limit or ""   A[12] words (JSON word → weight)
-- A[13] offset of the clock in ms   A[14] products at most
-- Reply ok(record); refuse product_limit
-- Atomic: of two products with one title, one gets the slug and the other the next one.
local t = now + tonumber(A[13])
if redis.call("ZCARD", keys.products(A[2])) >= tonumber(A[14]) then
  return refuse("product_limit", "You have " .. A[14] .. " products, the most there can be.")
end
local slug, n = A[3], 1
while redis.call("HSETNX", keys.slugs(), slug, A[1]) == 0 do
  n = n + 1
  slug = A[3] .. "-" .. (n < 10 and tostring(n) or A[4] .. (n > 10 and tostring(n) or ""))
end
redis.call("HSET", keys.product(A[1]), "id", A[1], "seller", A[2], "slug", slug, "title", A[5], "description", A[6],
  "price", A[7], "currency", A[8], "category", A[9], "tags", A[10], "download_limit", A[11], "status", "draft",
  "files", "[]", "file_ids", "[]", "cover", "", "cover_id", "", "sales", 0, "version", 0, "created", t,
  "updated", t, "published", "")
redis.call("ZADD", keys.products(A[2]), t, A[1])
products.set_terms(A[1], A[12])
return ok(products.changed(A[1], t))
