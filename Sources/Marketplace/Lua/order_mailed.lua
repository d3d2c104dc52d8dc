-- Effect order.mailed: messages about an order are on their way, as the jobs of the same completion.
-- args: order, then for each message the job's id and what it is, to whom.
return {
  check = function(args, jobs)
    if #args % 2 ~= 1 then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    if redis.call('EXISTS', ckeys.order(args[1])) == 0 then return end
    for i = 2, #args, 2 do orders.note(args[1], 'mail', '', args[i + 1], args[i]) end
  end,
}
