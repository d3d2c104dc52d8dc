-- Effect order.settle (orders.settle). args: order, payment, number, intent, amount, currency. jobs: fulfil, refund.
return {
  check = function(args, jobs)
    if #args ~= 6 or not tonumber(args[3]) or not tonumber(args[5]) then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    orders.settle({
      order = args[1], payment = args[2], number = tonumber(args[3]), intent = args[4], amount = tonumber(args[5]),
      currency = args[6], by = 'by a job', fulfil = jobs[1], refund = jobs[2],
    })
  end,
}
