-- Turns a cart into an order: order, payment, charge job and expiry job together, the cart marked, the Idempotency-Key
-- pointed at the order. A free order is settled in the same step.
-- A: 1 cart id, 2 user, 3 quote, 4 order id, 5 payment id, 6 payment method or '', 7 idempotency record or '', 8 claim,
--    9 platform fee in basis points, 10 ms until an unpaid order expires, 11 downloads per file, 12 trace id
-- jobs: 1 charge, 2 expire, 3 fulfil
-- Reply: ok(order and payment). Refuses request_in_flight, not_found, cart_checked_out, cart_empty,
-- product_unavailable, quote_mismatch, already_owned, purchase_in_progress, currency_mismatch, payment_method_required.
-- Atomic because of two checkouts of one cart, a price that moves in between, and a crash between order and charge job.
if redis.call('EXISTS', ckeys.order(A[4])) == 1 then return ok(orders.reply(A[4])) end
local code = idem.check(A[7], A[8])
if code then return refuse(code) end
local c = carts.get(A[1])
if not c or not carts.visible(c, A[2]) then return refuse('not_found') end
if c.order ~= '' then
  local o = orders.get(c.order)
  return refuse('cart_checked_out', o and o.user == A[2] and o.id or '')
end
local lines = carts.lines(A[1])
if #lines == 0 then return refuse('cart_empty') end
for _, line in ipairs(lines) do
  if not line.available then return refuse('product_unavailable', line.product) end
end
if carts.quote(lines) ~= A[3] then return refuse('quote_mismatch') end
local total, currency = 0, lines[1].currency
for _, line in ipairs(lines) do
  if line.currency ~= currency then return refuse('currency_mismatch', line.product) end
  local double, detail = orders.double(A[2], line.product, A[4])
  if double then return refuse(double, detail) end
  total = total + tonumber(line.price)
end
if total > 0 and A[6] == '' then return refuse('payment_method_required') end

local items = {}
for i, line in ipairs(lines) do
  items[i] = {
    id = orders.line_id('oit', A[4], i - 1), product = line.product, title = line.p.title, slug = line.p.slug,
    seller = line.p.seller, price = ckeys.int(tonumber(line.price)),
  }
end
local time = ckeys.int(now)
redis.call('HSET', ckeys.order(A[4]), 'id', A[4], 'number', 1000 + redis.call('INCR', ckeys.order_numbers()), 'user', A[2],
  'cart', A[1], 'status', 'processing', 'payment_status', 'unpaid', 'fulfilment_status', 'unfulfilled',
  'currency', currency, 'total', ckeys.int(total), 'payment', A[5], 'items', cjson.encode(items), 'created', time,
  'expires', ckeys.int(now + tonumber(A[10])), 'fee_bps', A[9], 'per_file', A[11], 'trace', A[12], 'rev', '0')
redis.call('HSET', ckeys.payment(A[5]), 'id', A[5], 'order', A[4], 'user', A[2], 'status', 'processing',
  'amount', ckeys.int(total), 'currency', currency, 'number', '1', 'method', A[6], 'intent', '', 'answer', '',
  'decline_code', '', 'decline_reason', '', 'decline_message', '', 'action_type', '', 'action_url', '', 'job', '',
  'created', time, 'updated', time)
redis.call('ZADD', ckeys.orders(), 0, A[4])
ckeys.count('orders', 'created')
redis.call('ZADD', ckeys.user_orders(A[2]), 0, A[4])
-- A guest's cart becomes the buyer's, so that its id stops being a way to the order.
redis.call('HSET', ckeys.cart(A[1]), 'order', A[4], 'owner', A[2], 'updated', time)
idem.done(A[7], A[4])
orders.note(A[4], 'created', A[12])
if total == 0 then
  orders.settle({
    order = A[4], payment = A[5], number = 1, intent = '', amount = 0, currency = currency, fulfil = jobs[3],
    by = 'at the checkout', request = A[12],
  })
else
  for _, line in ipairs(lines) do orders.mark_buying(A[2], line.product, A[4]) end
  enqueue(jobs[1])
  enqueue(jobs[2])
  orders.changed(A[4])
end
return ok(orders.reply(A[4]))
