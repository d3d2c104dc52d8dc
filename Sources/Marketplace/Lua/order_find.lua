-- The order that an operator means. A: 1 the id of an order, payment, entitlement or grant, or an order's number.
-- Reply: ok(order id or '').
-- Orders are sorted by their ids, hence nearly by their numbers: a number is looked for around its rank.
local text = A[1]
local kind = string.sub(text, 1, 4)
local id = ''
if kind == 'ord_' then
  id = redis.call('EXISTS', ckeys.order(text)) == 1 and text or ''
elseif kind == 'pay_' then
  id = redis.call('HGET', ckeys.payment(text), 'order') or ''
elseif kind == 'ent_' or kind == 'grt_' then
  local entitlement = kind == 'ent_' and text or redis.call('HGET', ckeys.grant(text), 'ent') or ''
  id = redis.call('HGET', ckeys.entitlement(entitlement), 'order') or ''
elseif string.match(text, '^%d+$') and #text < 12 then
  local rank = tonumber(text) - 1001
  if rank > -100 then
    for _, candidate in ipairs(redis.call('ZRANGE', ckeys.orders(), math.max(0, rank - 100), rank + 100)) do
      if redis.call('HGET', ckeys.order(candidate), 'number') == text then id = candidate end
    end
  end
end
return ok(id)
