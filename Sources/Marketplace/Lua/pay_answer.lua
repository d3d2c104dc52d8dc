-- The buyer answered the bank's challenge: back to processing, and the job that passes the answer on, together.
-- A: 1 payment id, 2 user, 3 answer, 4 idempotency record or '', 5 claim, 6 the job's id, 7 trace id. jobs: 1 charge.
-- Reply: ok(order and payment). Refuses not_found, request_in_flight, payment_not_awaiting_action.
local p = orders.payment(A[1])
if not p or p.user ~= A[2] then return refuse('not_found') end
if p.job == A[6] then return ok(orders.reply(p.order)) end
local code = idem.check(A[4], A[5])
if code then return refuse(code) end
if p.status ~= 'requires_action' then return refuse('payment_not_awaiting_action', p.status) end
redis.call('HSET', ckeys.payment(p.id), 'status', 'processing', 'answer', A[3], 'action_type', '', 'action_url', '',
  'job', A[6], 'updated', ckeys.int(now))
redis.call('HSET', ckeys.order(p.order), 'status', 'processing')
idem.done(A[4], p.order)
orders.note(p.order, 'answered', A[7], A[3])
enqueue(jobs[1])
orders.changed(p.order)
return ok(orders.reply(p.order))
