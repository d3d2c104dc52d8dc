-- An operator's decision about a quarantined upload.
-- A[1] id   A[2] "release": it is ingested again, without the scanner; "reject": it is refused for good
-- A[3] problem (JSON) that its owner sees, or "" (release)   A[4] why, for other operators   A[5] offset of the clock in ms
-- jobs: its ingestion (release); the deletion of its objects, and the mail to its owner (reject)
-- Reply ok(HGETALL); refuse not_found, upload_not_quarantined
-- Atomic with the jobs, so that of two decisions at once one counts.
local key = keys.upload(A[1])
local found = redis.call("HMGET", key, "state", "owner", "problem")
if not found[1] then return refuse("not_found", "There is no such upload.") end
if found[1] ~= "quarantined" then
  return refuse("upload_not_quarantined", "This upload is " .. found[1] .. ", not quarantined.")
end
local t = now + tonumber(A[5])
redis.call("ZREM", keys.quarantine(), A[1])
redis.call("HSET", key, "reviewed", t, "review", A[4], "updated", t, "problem", A[3])
if A[2] == "release" then
  redis.call("HSET", key, "state", "uploaded", "waived", found[3])
else
  uploads.free(A[1], found[2])
  redis.call("HSET", key, "state", "rejected")
  redis.call("HINCRBY", keys.totals(), "uploads|rejected", 1)
end
enqueue_all(jobs)
return ok(redis.call("HGETALL", key))
