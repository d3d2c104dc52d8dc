-- Puts a product on sale, or takes it off.
-- A[1] id   A[2] seller   A[3] version or ""   A[4] offset of the clock in ms   A[5] "published" or "withdrawn"
-- Reply ok(record); refuse not_found, precondition_failed, product_has_no_files, not_published
-- Atomic with all indexes: what is published is found, what is withdrawn is not. A repeat changes nothing.
-- The date is that of the first publication: withdrawing and publishing again does not make a product new.
local code, detail = products.refusal(A[1], A[2], A[3])
if code then return refuse(code, detail) end
local key = keys.product(A[1])
local found = redis.call("HMGET", key, "status", "file_ids", "published")
if found[1] == A[5] then return ok(products.flat(A[1], {})) end
if A[5] == "withdrawn" and found[1] == "draft" then
  return refuse("not_published", "A draft is not on sale.")
end
if A[5] == "published" and #cjson.decode(found[2]) == 0 then
  return refuse("product_has_no_files", "A product has at least one file before it is published.")
end
local t = now + tonumber(A[4])
redis.call("HSET", key, "status", A[5])
if found[3] == "" then redis.call("HSET", key, "published", t) end
return ok(products.changed(A[1], t))
