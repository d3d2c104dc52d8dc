-- What is kept of an order's story, at one moment. A: 1 order id.
-- Reply: ok(order and payment, trace id, the order's log, {{entitlement id, its log} per line}, ledger entries as XRANGE),
-- or ok({}) if there is no such order. Reads only; it costs the order's lines and logs.
local o = orders.get(A[1])
if not o then return ok({}) end
local log = redis.call('LRANGE', ckeys.order_log(A[1]), 0, -1)
local entries, seen = {}, {}
local function read_entry(id)
  if seen[id] or not string.match(id, '^%d+%-%d+$') then return end
  seen[id] = true
  local found = redis.call('XRANGE', ckeys.ledger(), id, id)
  if found[1] then entries[#entries + 1] = found[1] end
end
for _, line in ipairs(log) do
  local ran, parts = pcall(cjson.decode, line)
  if ran and type(parts) == 'table' then read_entry(tostring(parts[5])) end
end
if o.ledger then read_entry(o.ledger) end
local rights = {}
for i = 1, #cjson.decode(o.items) do
  local id = orders.line_id('ent', A[1], i - 1)
  rights[i] = { id, redis.call('LRANGE', ckeys.entitlement_log(id), 0, -1) }
end
return ok(orders.reply(A[1]), o.trace or '', log, rights, entries)
