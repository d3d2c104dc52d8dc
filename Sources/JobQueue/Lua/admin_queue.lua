-- admin_queue: what operators do to a queue.
-- KEYS  anchor
-- ARGV  1 operation, 2 queue, then
--   pause, resume  claims of the queue
--   limits         3 concurrency, 4 rate, 5 its span in ms, 6 burst; '' for none
-- Reply: 1 if it changed something, else 0.
-- Atomic, and harmless when repeated.
local operation, queue = ARGV[1], ARGV[2]
local meta = queue_key(queue, 'meta')
local operations = {}

function operations.pause() return redis.call('HSETNX', meta, 'paused', now) end

function operations.resume()
  local changed = redis.call('HDEL', meta, 'paused')
  wake(queue)
  return changed
end

function operations.limits()
  local changed = 0
  local values = { limit = ARGV[3], rate = ARGV[4], rate_ms = ARGV[5], burst = ARGV[6] }
  for field, value in pairs(values) do
    if (redis.call('HGET', meta, field) or '') ~= value then changed = 1 end
    if value == '' then redis.call('HDEL', meta, field) else redis.call('HSET', meta, field, value) end
  end
  -- Without a rate there is no bucket; a new one begins full.
  if ARGV[4] == '' then redis.call('HDEL', meta, 'tokens', 'tokens_at') end
  wake(queue)
  return changed
end

redis.call('SADD', NS .. 'queues', queue)
return operations[operation]()
