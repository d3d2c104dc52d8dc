-- Effect payment.refunded: what a late success brought went back. args: payment, intent, amount, currency.
-- Books it once per intent; else a no-op.
return {
  check = function(args, jobs)
    if #args ~= 4 or not tonumber(args[3]) then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    local p = orders.payment(args[1])
    local field = 'late:' .. args[2]
    if not p or p[field] ~= 'refund_due' then return end
    redis.call('HSET', ckeys.payment(p.id), field, 'refunded', 'updated', ckeys.int(now))
    local entry = ledger.post({
      kind = 'late_refund', order = p.order, payment = p.id, intent = args[2], currency = args[4],
      lines = { { 'provider', -tonumber(args[3]), 'refund' }, { 'refunds:due', tonumber(args[3]), 'late' } },
    })
    orders.note(p.order, 'late_refund', '', args[2], entry)
    orders.changed(p.order)
  end,
}
