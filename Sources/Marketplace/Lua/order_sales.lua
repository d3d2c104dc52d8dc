-- One page of what a seller sold, newest first. K: 1 the seller's ZSET of `order:index`. A: 1 last member or '', 2 wanted.
-- Reply: ok(members, {{order id, number, currency, fee in basis points, paid ms, item (JSON)} per member}).
local max = A[1] == '' and '+' or '(' .. A[1]
local members = redis.call('ZREVRANGEBYLEX', K[1], max, '-', 'LIMIT', 0, tonumber(A[2]))
local records = {}
for i, member in ipairs(members) do
  local id, index = string.match(member, '^(.*):(%d+)$')
  local o = redis.call('HMGET', ckeys.order(id), 'number', 'currency', 'fee_bps', 'paid', 'items')
  local item = cjson.decode(o[5])[tonumber(index) + 1]
  item.entitlement = orders.line_id('ent', id, tonumber(index))
  records[i] = { id, o[1], o[2], o[3], o[4], cjson.encode(item) }
end
return ok(members, records)
