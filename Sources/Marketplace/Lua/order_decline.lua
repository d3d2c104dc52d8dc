-- Effect order.decline (orders.decline). args: order, payment, number, code, reason, message.
return {
  check = function(args, jobs)
    if #args ~= 6 or not tonumber(args[3]) then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    orders.decline({
      order = args[1], payment = args[2], number = tonumber(args[3]), code = args[4], reason = args[5], message = args[6],
      by = 'by a job',
    })
  end,
}
