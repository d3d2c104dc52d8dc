-- Replaces what a seller says of a product.
-- A[1] id   A[2] seller   A[3] version that was read   A[4] offset of the clock in ms   A[5] title   A[6] description
-- A[7] price   A[8] currency   A[9] category   A[10] tags (JSON)   A[11] download limit or ""   A[12] words (JSON)
-- Reply ok(record); refuse not_found, precondition_failed
-- Atomic: the new record, its words and its places in the indexes change together; two edits of one version can't both win.
local code, detail = products.refusal(A[1], A[2], A[3])
if code then return refuse(code, detail) end
redis.call("HSET", keys.product(A[1]), "title", A[5], "description", A[6], "price", A[7], "currency", A[8],
  "category", A[9], "tags", A[10], "download_limit", A[11])
products.set_terms(A[1], A[12])
return ok(products.changed(A[1], now + tonumber(A[4])))
