-- stats: what happened, counted by the minute and rolled up by the hour and the day.
--   P stat:<minute>  HASH field -> n, kept 25 hours; Unix minutes, hours and days, hence UTC
--   P stat:h:<hour>, P stat:d:<day>  the same, kept 32 and 400 days; they lack the minute named in meta `counted`,
--                    which is the only one that is not rolled up yet
-- Fields: enqueued, completed, failed, retried, lapsed, dead, cancelled, run_us, wait_ms, waited.

-- Two hashes take one minute's sums: about twenty HINCRBY once a minute instead of two more at every count.
-- After the clock stepped back, minutes that were rolled up already are not rolled up again.
local function roll_up(queue, minute)
  local meta = queue_key(queue, 'meta')
  local counted = tonumber(redis.call('HGET', meta, 'counted') or -1)
  if counted >= minute then return end
  if counted >= 0 then
    local sums = redis.call('HGETALL', queue_key(queue, 'stat:') .. counted)
    for unit, minutes in pairs({ ['h:'] = 60, ['d:'] = 1440 }) do
      local key = queue_key(queue, 'stat:' .. unit) .. math.floor(counted / minutes)
      for i = 1, #sums, 2 do redis.call('HINCRBY', key, sums[i], sums[i + 1]) end
      redis.call('EXPIRE', key, minutes == 60 and 2764800 or 34560000)
    end
  end
  redis.call('HSET', meta, 'counted', minute)
end

-- The first count of a field in a minute gives the key its expiry, the queue its place in the list of queues, and
-- rolls up the minute before, so that none of it costs a command otherwise.
local function count(queue, field, n)
  local minute = math.floor(now / 60000)
  local key = queue_key(queue, 'stat:') .. minute
  if redis.call('HINCRBY', key, field, n) == n then
    redis.call('EXPIRE', key, 90000)
    redis.call('SADD', NS .. 'queues', queue)
    roll_up(queue, minute)
  end
end
