-- The buyer pays again after a final decline: the payment number goes up, and with it the provider's idempotency key.
-- A: 1 payment id, 2 user, 3 payment method, 4 idempotency record or '', 5 claim, 6 the job's id, 7 the number it
--    charges (the one that was declined plus 1), 8 trace id. jobs: 1 charge.
-- Reply: ok(order and payment). Refuses not_found, request_in_flight, payment_not_payable, product_unavailable
-- (its seller was suspended meanwhile), already_owned, purchase_in_progress.
local p = orders.payment(A[1])
if not p or p.user ~= A[2] then return refuse('not_found') end
if p.job == A[6] then return ok(orders.reply(p.order)) end
local code = idem.check(A[4], A[5])
if code then return refuse(code) end
local o = orders.get(p.order)
if p.status ~= 'requires_payment_method' or o.status ~= 'open' or tonumber(p.number) + 1 ~= tonumber(A[7]) then
  return refuse('payment_not_payable', p.status)
end
local items = cjson.decode(o.items)
for _, item in ipairs(items) do
  if redis.call('HEXISTS', ckeys.user(item.seller), 'suspended') == 1 then
    return refuse('product_unavailable', item.product)
  end
  local double, detail = orders.double(A[2], item.product, o.id)
  if double then return refuse(double, detail) end
end
for _, item in ipairs(items) do orders.mark_buying(A[2], item.product, o.id) end
redis.call('HSET', ckeys.payment(p.id), 'status', 'processing', 'number', A[7], 'method', A[3], 'intent', '',
  'answer', '', 'decline_code', '', 'decline_reason', '', 'decline_message', '', 'job', A[6], 'updated', ckeys.int(now))
redis.call('HSET', ckeys.order(o.id), 'status', 'processing', 'payment_status', 'unpaid')
idem.done(A[4], o.id)
orders.note(o.id, 'paid_again', A[8], 'attempt ' .. A[7])
enqueue(jobs[1])
orders.changed(o.id)
return ok(orders.reply(o.id))
