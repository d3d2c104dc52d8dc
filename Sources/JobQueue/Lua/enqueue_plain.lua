-- enqueue_plain: up to 1,000 jobs onto one level of one queue, at once and without extras; refused when memory is full.
-- The same as enqueue for what is enqueued most. Its arguments are columns that go straight through to Redis's commands,
-- and it is linked without put and bonds, because a script's functions are made anew in every run.
-- KEYS  anchor
-- ARGV  1 queue, 2 level, 3 number of jobs, then all ids, then all bodies
-- Reply: 1 if all were put there; else for each job 1, or 0 if its id lives or ended within its window.
-- Atomic: all jobs of the call or, on an error, none. Repeating it is harmless, because the ids are the producer's.
local queue, level, n = ARGV[1], ARGV[2], tonumber(ARGV[3])
if queue == '' or not (level == '0' or level == '1' or level == '2') or #ARGV ~= 3 + 2 * n then
  error({ err = 'BADJOB the call is malformed' })
end
local P, last = queue_key(queue, ''), 3 + n
local live = redis.call('HMGET', P .. 'jobs', unpack(ARGV, 4, last))
local done, dead = {}, {}
if redis.call('EXISTS', P .. 'done', P .. 'dead') > 0 then
  done = redis.call('ZMSCORE', P .. 'done', unpack(ARGV, 4, last))
  dead = redis.call('ZMSCORE', P .. 'dead', unpack(ARGV, 4, last))
end
local head = level .. ' ' .. string.format('%d', now) .. ' 0 '
local seen, fields, k, refused = {}, {}, 0, nil
for i = 1, n do
  local id = ARGV[3 + i]
  if live[i] or seen[id] or dead[i] or (done[i] and tonumber(done[i]) > now) then
    refused = refused or {}
    refused[i] = true
  else
    seen[id] = true
    fields[k + 1], fields[k + 2] = id, head .. ARGV[last + i]
    k = k + 2
  end
end
local reply = 1
if refused then
  local ids = {}
  reply = {}
  for i = 1, n do
    reply[i] = refused[i] and 0 or 1
    if not refused[i] then ids[#ids + 1] = ARGV[3 + i] end
  end
  if k == 0 then return reply end
  redis.call('HSET', P .. 'jobs', unpack(fields))
  redis.call('LPUSH', P .. 'p' .. level, unpack(ids))
else
  redis.call('HSET', P .. 'jobs', unpack(fields))
  redis.call('LPUSH', P .. 'p' .. level, unpack(ARGV, 4, last))
end
redis.call('ZADD', P .. 'wake', 0, 'w')
count(queue, 'enqueued', k / 2)
return reply
