-- Fragment `ckeys`: the only Lua text that spells commerce keys (twin of Keys+commerce.swift), and two small helpers.
-- Every key begins with NS, so all of them share the installation's hash tag and one script may touch any of them.
local M = {}

function M.cart(id) return NS .. 'crt:' .. id end
function M.cart_items(id) return NS .. 'crt:' .. id .. ':items' end
function M.order(id) return NS .. 'ord:' .. id end
function M.orders() return NS .. 'orders' end
function M.order_log(id) return NS .. 'ord:' .. id .. ':log' end
function M.order_numbers() return NS .. 'orders:number' end
function M.user_orders(user) return NS .. 'usr:' .. user .. ':orders' end
function M.seller_sales(seller) return NS .. 'slr:' .. seller .. ':sales' end
function M.payment(id) return NS .. 'pay:' .. id end
function M.entitlement(id) return NS .. 'ent:' .. id end
function M.entitlement_log(id) return NS .. 'ent:' .. id .. ':log' end
function M.user_entitlements(user) return NS .. 'usr:' .. user .. ':ents' end
function M.buying(user) return NS .. 'buy:' .. user end
function M.owned(user) return NS .. 'own:' .. user end
function M.grant(id) return NS .. 'grt:' .. id end
function M.ledger() return NS .. 'ledger' end
function M.balances() return NS .. 'ledger:balances' end
function M.events() return NS .. 'evt:orders' end
function M.user(id) return NS .. 'usr:' .. id end
function M.totals() return NS .. 'totals' end

-- A hash as a table of strings; empty when the key does not exist.
function M.hash(key)
  local flat = redis.call('HGETALL', key)
  local t = {}
  for i = 1, #flat, 2 do t[flat[i]] = flat[i + 1] end
  return t
end

-- An integer as Redis wants it: cjson and tostring would write 1e+15. Adding 0 turns the -0 of a fee of nothing into 0,
-- which HINCRBY would refuse in the middle of a settlement.
function M.int(n) return string.format('%.0f', n + 0) end

-- Adds a line to what operators read of an order (OrderStory.swift): [ms, what, request, detail, reference], all text.
-- The latest so many stay; an unused part is ''.
function M.note(key, most, what, request, detail, reference)
  redis.call('RPUSH', key, cjson.encode({ M.int(now), what, request or '', detail or '', reference or '' }))
  redis.call('LTRIM', key, -most, -1)
end

-- Counts what happens from the build that brought this on, for /metrics: one field for each state or currency.
function M.count(what, of, amount) redis.call('HINCRBY', M.totals(), what .. '|' .. of, M.int(amount or 1)) end

return M
