-- The buyer gives up an unpaid order. A: 1 payment id, 2 user, 3 trace id. jobs: 1 the cancellation at the provider.
-- Reply: ok(order and payment). Refuses not_found, payment_in_progress (it may be succeeding right now),
-- payment_not_cancelable. A canceled one stays canceled.
local p = orders.payment(A[1])
if not p or p.user ~= A[2] then return refuse('not_found') end
local o = orders.get(p.order)
if o.status == 'canceled' then return ok(orders.reply(o.id)) end
if o.status == 'processing' then return refuse('payment_in_progress') end
if o.status ~= 'open' then return refuse('payment_not_cancelable', o.status) end
if p.intent ~= '' then enqueue(jobs[1]) end
orders.close(o, p, 'canceled', A[3])
return ok(orders.reply(o.id))
