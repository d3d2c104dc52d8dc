-- What verification needs of orders, one page. A: 1.. order ids (at most 500).
-- Reply: ok({status, payment status, total, currency, ledger entry, payment status of the payment, intent} or {} per id).
local out = {}
for i = 1, #A do
  local o = redis.call('HMGET', ckeys.order(A[i]), 'status', 'payment_status', 'total', 'currency', 'ledger', 'payment')
  if o[1] then
    local p = redis.call('HMGET', ckeys.payment(o[6]), 'status', 'intent')
    out[i] = { o[1], o[2], o[3], o[4], o[5] or '', p[1] or '', p[2] or '' }
  else
    out[i] = {}
  end
end
return ok(out)
