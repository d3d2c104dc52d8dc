-- Says that a worker looks at the upload now.
-- A[1] id   A[2] offset of the clock in ms
-- Reply ok(HGETALL), or ok({}) when there is nothing to do: the upload is gone or was decided
-- A repeat by the next worker, after this one died, is fine.
local key = keys.upload(A[1])
local state = redis.call("HGET", key, "state")
if state ~= "uploaded" and state ~= "processing" then return ok({}) end
if state == "uploaded" then redis.call("HSET", key, "state", "processing", "updated", now + tonumber(A[2])) end
return ok(redis.call("HGETALL", key))
