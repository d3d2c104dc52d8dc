-- The order that a payment pays. A: 1 payment id, 2 user. Reply: ok(order and payment). Refuses not_found.
local p = orders.payment(A[1])
if not p or p.user ~= A[2] then return refuse('not_found') end
return ok(orders.reply(p.order))
