-- admin_queue: what operators do to a queue.
-- KEYS  anchor
-- ARGV  1 operation, 2 queue, then
--   pause, resume  claims of the queue
--   limits         3 concurrency, 4 rate, 5 its span in ms, 6 burst; '' for none
--   remove         a queue without jobs; its counters and what is remembered of ended jobs go too
-- Reply: 1 if it changed something, else 0; of remove { 1 } or { 0, state, number of jobs in it }.
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

-- The epoch stays: a claim of before must not be taken for one of a queue of the same name, should there be one.
function operations.remove()
  local P = queue_key(queue, '')
  for _, part in ipairs({ 'p0', 'p1', 'p2', 'suspect' }) do
    local n = redis.call('LLEN', P .. part)
    if n > 0 then return { 0, part == 'suspect' and 'suspect' or 'waiting', n } end
  end
  local states = { lease = 'running', due = 'scheduled', parked = 'parked', dead = 'dead' }
  for part, state in pairs(states) do
    local n = redis.call('ZCARD', P .. part)
    if n > 0 then return { 0, state, n } end
  end
  local parts = 'jobs hist morgue done kept result prog cancel wake solo uniq'
  for part in string.gmatch(parts, '%S+') do redis.call('UNLINK', P .. part) end
  local minute = math.floor(now / 60000)
  for prefix, unit in pairs({ [''] = { 1, 1501 }, ['h:'] = { 60, 769 }, ['d:'] = { 1440, 401 } }) do
    local newest = math.floor(minute / unit[1])
    local keys = {}
    for i = 0, unit[2] do keys[i + 1] = P .. 'stat:' .. prefix .. (newest - i) end
    redis.call('UNLINK', unpack(keys))
  end
  for _, field in ipairs(redis.call('HKEYS', meta)) do
    if field ~= 'epoch' then redis.call('HDEL', meta, field) end
  end
  redis.call('SREM', NS .. 'queues', queue)
  return { 1 }
end

if operation ~= 'remove' then redis.call('SADD', NS .. 'queues', queue) end
return operations[operation]()
