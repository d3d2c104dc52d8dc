-- Effect order.fulfil: the files of a paid order are there. args: order. jobs: 1 issue links. Once; else a no-op.
return {
  check = function(args, jobs)
    if #args ~= 1 then return 'bad_arguments' end
  end,
  apply = function(args, jobs)
    local o = orders.get(args[1])
    if not o or o.status ~= 'paid' or o.fulfilment_status ~= 'unfulfilled' then return end
    redis.call('HSET', ckeys.order(o.id), 'fulfilment_status', 'fulfilled', 'fulfilled', ckeys.int(now))
    orders.note(o.id, 'fulfilled')
    ckeys.count('orders', 'fulfilled')
    if jobs[1] then enqueue(jobs[1]) end
    orders.changed(o.id)
  end,
}
