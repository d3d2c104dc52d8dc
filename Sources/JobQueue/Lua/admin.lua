-- admin: what operators do to one queue or job.
-- KEYS  anchor
-- ARGV  1 operation, 2 queue, 3 id
-- Reply: 1 if it changed something, else 0.
--   pause, resume  claims of the queue
--   retry   a dead job goes back to its level with fresh budgets (its troubles stay to be read), a scheduled one at once
--   delete  a job in any place; one that lies in a list or is leased leaves a mark ('') that its claim or its end
--           removes, because taking an id out of a list costs the list
-- Atomic: the job is in exactly one place before and after.
local operation, queue, id = ARGV[1], ARGV[2], ARGV[3]
local P = queue_key(queue, '')

local operations = {}

function operations.pause() return redis.call('HSETNX', P .. 'meta', 'paused', now) end

function operations.resume()
  local changed = redis.call('HDEL', P .. 'meta', 'paused')
  wake(queue)
  return changed
end

function operations.retry()
  local envelope = redis.call('HGET', P .. 'morgue', id)
  if redis.call('ZSCORE', P .. 'dead', id) and envelope and envelope ~= '' then
    local h = history(redis.call('HGET', P .. 'hist', id))
    h.f, h.l = 0, 0
    redis.call('ZREM', P .. 'dead', id)
    redis.call('HDEL', P .. 'morgue', id)
    redis.call('HSET', P .. 'jobs', id, envelope)
    if #h.e > 0 then redis.call('HSET', P .. 'hist', id, cjson.encode(h)) end
    redis.call('LPUSH', P .. 'p' .. string.sub(envelope, 1, 1), id)
  elseif redis.call('ZREM', P .. 'due', id) == 1 then
    return_to_lists(queue, { id }, redis.call('HMGET', P .. 'jobs', id), 'LPUSH')
  else
    return 0
  end
  wake(queue)
  return 1
end

function operations.delete()
  if redis.call('ZREM', P .. 'dead', id) == 1 then
    redis.call('HDEL', P .. 'morgue', id)
    redis.call('HDEL', P .. 'hist', id)
    return 1
  end
  local envelope = redis.call('HGET', P .. 'jobs', id)
  if not envelope or envelope == '' then return 0 end
  local name, version = string.match(envelope, '^%d %d+ %d+ (%S+) (%d+) ')
  local alone = redis.call('ZREM', P .. 'due', id) == 1
    or (name and redis.call('ZREM', P .. 'parked', name .. '@' .. version .. ':' .. id) == 1)
  if alone then
    redis.call('HDEL', P .. 'jobs', id)
    redis.call('HDEL', P .. 'hist', id)
  else
    redis.call('HSET', P .. 'jobs', id, '')
  end
  return 1
end

return operations[operation]()
