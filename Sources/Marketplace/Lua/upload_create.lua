-- Makes a pending upload within its owner's quota.
-- A[1] id   A[2] owner   A[3] file name   A[4] declared size   A[5] declared type   A[6] declared SHA-256 or ""
-- A[7] purpose   A[8] offset of the clock in ms   A[9] quota in bytes   A[10] uploads at most
-- jobs[1] sweeps it, a day ahead, unless it is completed by then
-- Reply ok(HGETALL); refuse quota_exceeded, upload_limit
-- Atomic: two uploads at once can't both take the last bytes of the quota, and none is left without its sweeper.
local t, size, usage = now + tonumber(A[8]), tonumber(A[4]), keys.usage(A[2])
local used = redis.call("HMGET", usage, "bytes", "count")
if tonumber(used[1] or "0") + size > tonumber(A[9]) then
  return refuse("quota_exceeded", "Your uploads would take more than the " .. A[9] .. " bytes that you have.")
end
if tonumber(used[2] or "0") >= tonumber(A[10]) then
  return refuse("upload_limit", "You have " .. A[10] .. " uploads, the most there can be. Delete some.")
end
local key = keys.upload(A[1])
redis.call("HSET", key, "id", A[1], "owner", A[2], "filename", A[3], "size", A[4], "content_type", A[5],
  "sha256", A[6], "purpose", A[7], "state", "pending", "created", t, "updated", t, "etag", "", "report", "",
  "problem", "", "digest", "", "uses", 0, "pinned", 0, "counted", A[4])
redis.call("ZADD", keys.uploads(A[2]), t, A[1])
redis.call("HINCRBY", usage, "bytes", A[4])
redis.call("HINCRBY", usage, "count", 1)
enqueue(jobs[1])
return ok(redis.call("HGETALL", key))
