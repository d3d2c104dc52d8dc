-- Sets or removes a product's picture.
-- A[1] id   A[2] seller   A[3] version or ""   A[4] offset of the clock in ms   A[5] cover (JSON) or ""   A[6] upload or ""
-- Reply ok(record); refuse not_found, precondition_failed, upload_not_ready
-- Atomic with the uses that keep an upload from being deleted.
local code, detail = products.refusal(A[1], A[2], A[3])
if code then return refuse(code, detail) end
if A[6] ~= "" and not products.fits(A[6], A[2], "cover") then
  return refuse("upload_not_ready", A[6] .. " is not ready to be a cover.")
end
local key = keys.product(A[1])
local before = redis.call("HGET", key, "cover_id")
if before ~= "" then products.use({ before }, -1) end
if A[6] ~= "" then products.use({ A[6] }, 1) end
redis.call("HSET", key, "cover", A[5], "cover_id", A[6])
return ok(products.changed(A[1], now + tonumber(A[4])))
