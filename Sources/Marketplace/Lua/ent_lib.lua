-- Fragment `entitlements` (requires keys, ckeys): what the download scripts share.
local M = {}

function M.get(id)
  local e = ckeys.hash(ckeys.entitlement(id))
  if not e.id then return nil end
  return e
end

-- One file of the entitlement, or nil.
function M.file(e, id)
  for _, file in ipairs(cjson.decode(e.files)) do
    if file.id == id then return file end
  end
  return nil
end

-- Whether a grant for this file costs nothing: its last counted download is younger than the window.
function M.free(e, file, window, time)
  local last = tonumber(e['spent:' .. file] or '')
  return last ~= nil and time < last + window
end

function M.remaining(e) return math.max(0, tonumber(e.limit) - tonumber(e.used)) end

-- A step of what happens with the entitlement, for operators.
function M.note(id, what, request, detail, reference)
  ckeys.note(ckeys.entitlement_log(id), 50, what, request, detail, reference)
end

-- The entitlement as Swift reads it, with what its product looks like today (Entitlement+reading.swift).
function M.reply(id)
  local e = M.get(id)
  if not e then return {} end
  local p = redis.call('HMGET', keys.product(e.product), 'slug', 'title', 'status', 'cover')
  local seller = redis.call('HMGET', ckeys.user(e.seller), 'name', 'slug')
  return { redis.call('HGETALL', ckeys.entitlement(id)), p[1] or '', p[2] or '', p[3] or 'deleted', p[4] or '',
    seller[1] or '', seller[2] or '' }
end

return M
