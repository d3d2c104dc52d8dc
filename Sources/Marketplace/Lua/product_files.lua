-- Sets the files that a product consists of.
-- A[1] id   A[2] seller   A[3] version or ""   A[4] offset of the clock in ms   A[5] files (JSON)   A[6] their ids (JSON)
-- Reply ok(record); refuse not_found, precondition_failed, upload_not_ready, product_has_no_files
-- Atomic with the uses that keep an upload from being deleted. What the files are was read before; a ready upload never
-- changes, so only that it still is ready is looked at here.
local code, detail = products.refusal(A[1], A[2], A[3])
if code then return refuse(code, detail) end
local key, ids = keys.product(A[1]), cjson.decode(A[6])
for _, id in ipairs(ids) do
  if not products.fits(id, A[2], "file") then return refuse("upload_not_ready", id .. " is not ready to be sold.") end
end
local found = redis.call("HMGET", key, "status", "file_ids")
if #ids == 0 and found[1] == "published" then
  return refuse("product_has_no_files", "A published product has at least one file. Unpublish it first.")
end
products.use(cjson.decode(found[2]), -1)
products.use(ids, 1)
redis.call("HSET", key, "files", A[5], "file_ids", A[6])
return ok(products.changed(A[1], now + tonumber(A[4])))
