-- batch: adds a part of a producer's list of jobs to a batch, which it opens with the first part and seals with the last.
-- KEYS  anchor
-- ARGV  1 batch, 2 position of the part's first job in the producer's list, from 0, 3 '1' for the last part;
--       for on_success and on_complete each '0', or '1' and five of a job (put); then five for each job of the part
-- Reply: for each job as in enqueue. Refused when memory is full.
-- Atomic: the part is taken with all its jobs or not at all. How much of the list is taken is remembered (`next`), so a
-- repeated part is answered with 0s and counts nothing twice, however long ago the first was and whatever its ids were.
-- NS batch:<id>      HASH created, sealed, finished, succeeded ms; total, pending, completed, dead, cancelled, deleted;
--                    next; on_success, on_complete (packed jobs, gone once enqueued), success_id, complete_id
-- NS batches         ZSET id -> created
-- NS batches:ends    ZSET id -> ms until which it is kept, of finished batches (7 days, at most 10,000) and of open ones
--                    that nobody continues (30 days); one that is sealed and runs is kept as long as it runs
local BATCH_CAP, OPEN_KEPT = 10000, 2592000000
local batch, first, is_last = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local key, at = batch_key(batch), 4
local function read_callback()
  local job
  if ARGV[at] == '1' then
    job, at = read_job(at + 1)
  else
    at = at + 1
  end
  return job
end
local on_success, on_complete = read_callback(), read_callback()
local list = {}
while at <= #ARGV do list[#list + 1], at = read_job(at) end

local function forget(ids)
  if #ids == 0 then return end
  local keys = {}
  for i, id in ipairs(ids) do keys[i] = batch_key(id) end
  redis.call('ZREM', NS .. 'batches', unpack(ids))
  redis.call('ZREM', NS .. 'batches:ends', unpack(ids))
  redis.call('DEL', unpack(keys))
end

-- A few for each new one, so that the index shrinks but no call pays for all.
local function sweep()
  local ends = NS .. 'batches:ends'
  forget(redis.call('ZRANGE', ends, '-inf', now, 'BYSCORE', 'LIMIT', 0, 10))
  local over = redis.call('ZCARD', ends) - BATCH_CAP
  if over > 0 then forget(redis.call('ZRANGE', ends, 0, math.min(over, 10) - 1)) end
end

local known = redis.call('HMGET', key, 'created', 'sealed', 'next')
local taken = tonumber(known[3] or 0)
if first > taken then error({ err = 'BATCHGONE the batch was forgotten before it was sealed' }) end
if known[2] and first + #list > taken then error({ err = 'BATCHSEALED the batch has been sealed' }) end

local left = {}
for i = taken - first + 1, #list do left[#left + 1] = list[i] end
if not known[1] then
  sweep()
  redis.call(
    'HSET', key, 'created', now, 'total', 0, 'pending', 0, 'completed', 0, 'dead', 0, 'cancelled', 0, 'deleted', 0)
  redis.call('ZADD', NS .. 'batches', now, batch)
  if on_success then redis.call('HSET', key, 'on_success', cmsgpack.pack(on_success), 'success_id', on_success.id) end
  if on_complete then
    redis.call('HSET', key, 'on_complete', cmsgpack.pack(on_complete), 'complete_id', on_complete.id)
  end
end
local results, _, holders = enqueue_all(left)
if not known[2] then
  redis.call('HSET', key, 'next', math.max(taken, first + #list))
  if is_last then
    redis.call('HSET', key, 'sealed', now)
    batch_lasts(batch)
    batch_settle(batch)
  else
    batch_passes(batch, OPEN_KEPT)
  end
end
local reply, skipped = {}, #list - #left
for i = 1, #list do
  local n = i - skipped
  reply[i] = n < 1 and 0 or results[n] and 1 or holders[n] or 0
end
return reply
