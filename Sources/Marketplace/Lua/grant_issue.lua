-- Effect grants.issue: the grants behind the links that a mail carries, stored with the acknowledgement.
-- args: (grant id, entitlement id, file id, epoch, expiry ms) for each.
-- An entitlement that was revoked meanwhile needs no check here: the token's epoch is its check.
return {
  check = function(args, jobs)
    if #args % 5 ~= 0 then return 'bad_arguments' end
    for i = 5, #args, 5 do
      if not tonumber(args[i]) then return 'bad_arguments' end
    end
  end,
  apply = function(args, jobs)
    for i = 1, #args, 5 do
      local key = ckeys.grant(args[i])
      redis.call('HSET', key, 'id', args[i], 'ent', args[i + 1], 'file', args[i + 2], 'epoch', args[i + 3],
        'created', ckeys.int(now), 'expires', args[i + 4])
      ckeys.note(ckeys.entitlement_log(args[i + 1]), 50, 'granted', '', 'for a mail', args[i])
      redis.call('PEXPIREAT', key, ckeys.int(tonumber(args[i + 4]) + 86400000))
    end
    if jobs[1] then enqueue_all(jobs) end
  end,
}
