-- Deletes a product that was never on sale.
-- A[1] id   A[2] seller   A[3] version or ""
-- Reply ok(1); refuse not_found, precondition_failed, product_was_published
-- Atomic: its slug, its words and the uses of its uploads go with it.
local code, detail = products.refusal(A[1], A[2], A[3])
if code then return refuse(code, detail) end
local product = products.get(A[1])
if product.published ~= "" then
  return refuse("product_was_published", "It was on sale and may have been bought. Unpublish it instead.")
end
products.use(cjson.decode(product.file_ids), -1)
if product.cover_id ~= "" then products.use({ product.cover_id }, -1) end
redis.call("HDEL", keys.slugs(), product.slug)
redis.call("ZREM", keys.products(A[2]), A[1])
redis.call("DEL", keys.product(A[1]), keys.terms(A[1]))
return ok(1)
