-- Fragment `sessions`: locks against guessing, suspension, and the end of sessions.
local sessions = {}

-- Milliseconds for which the address is locked; 0 when it is not.
function sessions.locked(lock, t)
  local till = redis.call("HGET", lock, "until")
  return till and math.max(0, tonumber(till) - t) or 0
end

-- What a suspended account is told; the reason is the operators'.
function sessions.suspended()
  return refuse("account_suspended", "This account is suspended. Write to the people who run this shop.")
end

function sessions.end_all(user)
  local index = keys.sessions(user)
  local hashes = redis.call("ZRANGE", index, 0, -1)
  for _, hash in ipairs(hashes) do redis.call("DEL", keys.session(hash)) end
  redis.call("DEL", index)
  return #hashes
end

return sessions
