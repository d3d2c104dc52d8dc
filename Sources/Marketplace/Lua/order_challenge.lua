-- Effect order.challenge (orders.challenge). args: order, payment, number, action type, action url.
return {
  check = function(args, jobs)
    if #args ~= 5 or not tonumber(args[3]) then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    orders.challenge({
      order = args[1], payment = args[2], number = tonumber(args[3]), action_type = args[4], action_url = args[5],
      by = 'by a job',
    })
  end,
}
