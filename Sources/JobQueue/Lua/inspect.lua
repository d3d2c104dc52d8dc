-- inspect: queues at one moment.
-- KEYS  anchor
-- ARGV  1 number of minutes (0..120), 2 most queues to describe, 3... queues; without any, all that are known, by name
-- Reply: { now, names beyond the most, then for each queue
--          { name, { meta fields, as HMGET below }, waiting at p0, p1, p2, suspect, leases, due, parked, dead, done,
--            age of the oldest claimable job in ms or -1, the fields of its counters for each minute backwards } }
-- Reads only, all at one moment; its work does not depend on a queue's length.

-- Ids of deleted jobs may lie at the head; a few are looked past.
local function oldest_in(P, part)
  local oldest = -1
  local ids = redis.call('LRANGE', P .. part, -8, -1)
  if #ids == 0 then return oldest end
  for i = #ids, 1, -1 do
    local envelope = redis.call('HGET', P .. 'jobs', ids[i])
    if envelope and envelope ~= '' then
      local created, delay = string.match(envelope, '^%d%+? (%d+) (%d+) ')
      local since = created and created + delay or now
      -- A job that failed waits since then; since creation it was busy failing.
      local text = redis.call('HGET', P .. 'hist', ids[i])
      if text then
        local troubles = cjson.decode(text).e
        if #troubles > 0 then since = math.max(since, troubles[#troubles].t) end
      end
      return math.max(now - since, 0)
    end
  end
  return oldest
end

local function describe(queue, minutes)
  local P = queue_key(queue, '')
  local oldest = -1
  for _, part in ipairs({ 'p0', 'p1', 'p2', 'suspect' }) do oldest = math.max(oldest, oldest_in(P, part)) end
  -- What is due can be claimed, though nobody promoted it yet.
  local due = redis.call('ZRANGE', P .. 'due', 0, 0, 'WITHSCORES')
  if due[2] and tonumber(due[2]) <= now then oldest = math.max(oldest, now - due[2]) end
  local reply = {
    queue,
    redis.call('HMGET', P .. 'meta', 'paused', 'limit', 'rate', 'rate_ms', 'burst', 'tokens', 'tokens_at', 'cancels'),
    redis.call('LLEN', P .. 'p0'), redis.call('LLEN', P .. 'p1'), redis.call('LLEN', P .. 'p2'),
    redis.call('LLEN', P .. 'suspect'), redis.call('ZCARD', P .. 'lease'), redis.call('ZCARD', P .. 'due'),
    redis.call('ZCARD', P .. 'parked'), redis.call('ZCARD', P .. 'dead'),
    math.max(redis.call('ZCARD', P .. 'done'), redis.call('ZCARD', P .. 'kept')),
    oldest,
  }
  local minute = math.floor(now / 60000)
  for i = 0, minutes - 1 do reply[#reply + 1] = redis.call('HGETALL', P .. 'stat:' .. (minute - i)) end
  return reply
end

local names, rest = {}, {}
for i = 3, #ARGV do names[i - 2] = ARGV[i] end
if #names == 0 then
  names = redis.call('SMEMBERS', NS .. 'queues')
  table.sort(names)
end
local most = tonumber(ARGV[2])
local reply = { now, rest }
for i, name in ipairs(names) do
  if i <= most then
    reply[#reply + 1] = describe(name, tonumber(ARGV[1]))
  else
    rest[#rest + 1] = name
  end
end
return reply
