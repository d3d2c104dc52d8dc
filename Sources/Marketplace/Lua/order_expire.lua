-- Effect order.expire: an order that nobody paid ends. args: order. Only open or processing ones; else a no-op.
return {
  check = function(args, jobs)
    if #args ~= 1 then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    local o = orders.get(args[1])
    if not o or (o.status ~= 'open' and o.status ~= 'processing') then return end
    local p = orders.payment(o.payment)
    if p then orders.close(o, p, 'expired') end
  end,
}
