-- Marks an upload as uploaded, and has it ingested.
-- A[1] id   A[2] owner   A[3] ETag of the object that was found   A[4] offset of the clock in ms
-- A[5] SHA-256 that the owner knows by now, or ""
-- jobs[1] ingests it
-- Reply ok(HGETALL); refuse not_found
-- Atomic: an uploaded file has its job, and of two completions at once one enqueues it; the other is a no-op.
local key = keys.upload(A[1])
local found = redis.call("HMGET", key, "owner", "state", "sha256")
if found[1] ~= A[2] then return refuse("not_found", "There is no such upload.") end
if found[2] == "pending" then
  redis.call("HSET", key, "state", "uploaded", "etag", A[3], "updated", now + tonumber(A[4]),
    "sha256", found[3] ~= "" and found[3] or A[5])
  enqueue(jobs[1])
end
return ok(redis.call("HGETALL", key))
