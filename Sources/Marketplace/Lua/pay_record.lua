-- What a payment looks like to the charge job. A: 1 payment id. Reply: ok(payment fields, order status).
local p = orders.payment(A[1])
if not p then return refuse('not_found') end
return ok(redis.call('HGETALL', ckeys.payment(A[1])), redis.call('HGET', ckeys.order(p.order), 'status'))
