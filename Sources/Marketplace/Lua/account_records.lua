-- Fragment `accounts` (requires keys): an account as operators see it, and a seller's name in URLs.
local accounts = {}

-- What operators see; the password's hash stays inside.
local FIELDS = { "id", "email", "name", "groups", "confirmed", "created", "slug", "suspended", "suspension_reason" }

-- suspended before unconfirmed: what keeps the account out comes first.
function accounts.status(record)
  if record.suspended then return "suspended" end
  return record.confirmed == "1" and "active" or "unconfirmed"
end

-- The fields that there are, as a table of strings; nil for no account.
function accounts.get(id)
  local values = redis.call("HMGET", keys.user(id), unpack(FIELDS))
  if not values[1] then return nil end
  local record = {}
  for i, name in ipairs(FIELDS) do record[name] = values[i] or nil end
  return record
end

-- The account as a flat list of names and values, with `status` and the number of sessions that are good at t.
function accounts.flat(record, t)
  local sessions = record.suspended and 0 or redis.call("ZCOUNT", keys.sessions(record.id), "(" .. t, "+inf")
  local flat = { "status", accounts.status(record), "sessions", tostring(sessions) }
  for _, name in ipairs(FIELDS) do
    if record[name] then
      flat[#flat + 1], flat[#flat + 2] = name, record[name]
    end
  end
  return flat
end

-- Gives a seller a name in URLs, if there is none yet: the wish, or the wish with a number or the random suffix.
function accounts.name_seller(id, wish, suffix)
  if redis.call("HGET", keys.user(id), "slug") ~= "" then return end
  local slug, n = wish, 1
  while redis.call("HSETNX", keys.sellers(), slug, id) == 0 do
    n = n + 1
    slug = wish .. "-" .. (n < 10 and tostring(n) or suffix .. (n > 10 and tostring(n) or ""))
  end
  redis.call("HSET", keys.user(id), "slug", slug)
end

function accounts.belongs(groups, group) return string.find(" " .. (groups or "") .. " ", " " .. group .. " ", 1, true) end

-- Puts an account on the list that operators page through.
function accounts.list(id, created) redis.call("ZADD", keys.users(), created, id) end

return accounts
