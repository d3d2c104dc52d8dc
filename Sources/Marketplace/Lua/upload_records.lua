-- Fragment `uploads`: what several scripts and effects do to an upload's record.
local uploads = {}

-- Gives the bytes that the upload was counted with back to its owner; `counted` makes a second time harmless.
function uploads.free(id, owner)
  local counted = tonumber(redis.call("HGET", keys.upload(id), "counted") or "0")
  if counted > 0 then redis.call("HINCRBY", keys.usage(owner), "bytes", -counted) end
  redis.call("HSET", keys.upload(id), "counted", 0)
end

-- Forgets the upload altogether.
function uploads.remove(id, owner)
  uploads.free(id, owner)
  local digest = redis.call("HGET", keys.upload(id), "digest")
  if digest and redis.call("HGET", keys.content(owner), digest) == id then
    redis.call("HDEL", keys.content(owner), digest)
  end
  redis.call("HINCRBY", keys.usage(owner), "count", -1)
  redis.call("ZREM", keys.uploads(owner), id)
  redis.call("ZREM", keys.quarantine(), id)
  redis.call("DEL", keys.upload(id))
end

return uploads
