-- cron_admin: what operators do to a periodic entry (layout: cron.lua); the schedulers hear of it.
-- KEYS  anchor
-- ARGV  1 operation, 2 entry, 3 id of a wanted run
-- Reply: 1 if something changed, 0 if there is no such entry or nothing to change; 'run' replies the id of the run that is
--        wanted now, which is an earlier one's if no scheduler has heard of that yet, or nothing if there is no entry.
--   pause   its ticks are no longer enqueued
--   resume  they are again; those of the pause are dropped
--   run     a scheduler enqueues its job, also while it is paused; an unheard wish lapses after ten minutes
--   forget  it is gone with its history, until a scheduler declares it anew; also how a newer version is given up
-- Atomic: all of it.
local operation, name, id = ARGV[1], ARGV[2], ARGV[3]
local key = NS .. 'cron:' .. name
local operations = {}

function operations.pause() return redis.call('HSETNX', key, 'paused', now) end

function operations.resume()
  if redis.call('HDEL', key, 'paused') == 0 then return 0 end
  redis.call('HSET', key, 'tick', math.max(now, tonumber(redis.call('HGET', key, 'tick'))))
  return 1
end

function operations.run()
  local wanted = redis.call('HMGET', key, 'run', 'wanted')
  if wanted[1] and now - wanted[2] <= 600000 then return wanted[1] end
  redis.call('HSET', key, 'run', id, 'wanted', now)
  return id
end

function operations.forget()
  redis.call('DEL', key, key .. ':log')
  redis.call('ZREM', NS .. 'cron', name)
  return 1
end

if redis.call('EXISTS', key) == 0 then return operation ~= 'run' and 0 end
local reply = operations[operation]()
redis.call('PUBLISH', NS .. 'control', 'cron ' .. name)
return reply
