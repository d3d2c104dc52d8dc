-- Fragment `codes`: mailed six-digit codes. One record per kind and user: {hash, expires, tries, sent, used}.
-- Only a hash is kept; the record's own `expires` decides, the key's TTL just clears it away.
local codes = {}

-- Whether the last code is old enough for another mail to go out.
function codes.may_issue(kind, user, t, interval)
  local sent = redis.call("HGET", keys.code(kind, user), "sent")
  return not sent or t - tonumber(sent) >= interval
end

function codes.issue(kind, user, hash, t, lifetime)
  local key = keys.code(kind, user)
  redis.call("DEL", key)
  redis.call("HSET", key, "hash", hash, "expires", t + lifetime, "tries", 0, "sent", t, "used", 0)
  redis.call("PEXPIRE", key, lifetime + 60000)
end

-- "ok" once for the right code, "used" for its repeats, nil for anything else. Wrong ones are counted, and after
-- `limit` of them the code is void: a million codes and five tries.
function codes.take(kind, user, hash, t, limit)
  local key = keys.code(kind, user)
  local code = redis.call("HMGET", key, "hash", "expires", "tries", "used")
  if not code[1] or t >= tonumber(code[2]) or tonumber(code[3]) >= limit then return nil end
  if code[1] ~= hash then
    redis.call("HINCRBY", key, "tries", 1)
    return nil
  end
  if code[4] == "1" then return "used" end
  redis.call("HSET", key, "used", 1)
  return "ok"
end

return codes
