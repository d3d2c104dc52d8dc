-- beat: renews a worker's leases in its queues, brings parked jobs of its types back, says what it is asked to do, and
-- shows it in the registry. Runs when memory is full.
-- KEYS  anchor
-- ARGV  1 worker, 2 lease ms, 3 ms until a silent worker is forgotten,
--       number of fields, name and value of each (the registry's hash; of 'started' the value '' is now);
--       number of queues, for each: its name, number of types, these (type@version),
--       number of claims, these (id:epoch)
-- Reply: { now, command of an operator or '', { claims that were lost }, { claims that are asked to stop } }
-- Atomic: a claim that was reaped meanwhile is not revived (XX), so it can't be held twice.
local worker, lease_ms, forget_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local lost, cancelled, at = {}, {}, 5
local fields = {}
for i = 1, 2 * tonumber(ARGV[4]) do
  fields[i] = ARGV[at]
  if fields[i] == '' and fields[i - 1] == 'started' then fields[i] = now end
  at = at + 1
end

local function bring_back(queue, type_name)
  local parked = queue_key(queue, 'parked')
  local members = redis.call('ZRANGE', parked, '[' .. type_name .. ':', '(' .. type_name .. ';', 'BYLEX', 'LIMIT', 0, 100)
  if #members == 0 then return end
  local ids = {}
  for i, member in ipairs(members) do ids[i] = string.sub(member, #type_name + 2) end
  local envelopes = redis.call('HMGET', queue_key(queue, 'jobs'), unpack(ids))
  redis.call('ZREM', parked, unpack(members))
  return_to_lists(queue, ids, envelopes, 'LPUSH')
  wake(queue)
end

-- Renews what is still held.
local function renew(queue, members)
  local key = queue_key(queue, 'lease')
  local scores = redis.call('ZMSCORE', key, unpack(members))
  local renewed = {}
  for i, member in ipairs(members) do
    if scores[i] then
      renewed[#renewed + 1] = now + lease_ms
      renewed[#renewed + 1] = member
    else
      lost[#lost + 1] = member
    end
  end
  if #renewed > 0 then redis.call('ZADD', key, 'XX', unpack(renewed)) end
end

local function find_requests(queue, members)
  if (tonumber(redis.call('HGET', queue_key(queue, 'meta'), 'cancels')) or 0) <= 0 then return end
  local ids = {}
  for i, member in ipairs(members) do ids[i] = string.match(member, '^(.*):%d+$') end
  local reasons = redis.call('HMGET', queue_key(queue, 'cancel'), unpack(ids))
  for i, reason in ipairs(reasons) do
    if reason then cancelled[#cancelled + 1] = members[i] end
  end
end

local queues = tonumber(ARGV[at])
at = at + 1
for _ = 1, queues do
  local queue, types = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  if types > 0 and redis.call('ZCARD', queue_key(queue, 'parked')) > 0 then
    for i = 0, types - 1 do bring_back(queue, ARGV[at + i]) end
  end
  at = at + types
  local n = tonumber(ARGV[at])
  if n > 0 then
    local members = {}
    for i = 1, n do members[i] = ARGV[at + i] end
    renew(queue, members)
    find_requests(queue, members)
  end
  at = at + n + 1
end

local command = ''
if #fields > 0 then
  local key = NS .. 'w:' .. worker
  redis.call('HSET', key, unpack(fields))
  redis.call('PEXPIRE', key, forget_ms)
  command = redis.call('HGET', key, 'command') or ''
  redis.call('ZADD', NS .. 'workers', now, worker)
  local silent = redis.call('ZRANGE', NS .. 'workers', '-inf', now - forget_ms, 'BYSCORE', 'LIMIT', 0, 100)
  if #silent > 0 then redis.call('ZREM', NS .. 'workers', unpack(silent)) end
end
return { now, command, lost, cancelled }
