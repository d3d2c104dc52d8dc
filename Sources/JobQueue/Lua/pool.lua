-- pool: one beat of a pool of worker processes: shows itself, and learns what it shall run. Runs when memory is full.
-- KEYS  anchor
-- ARGV  1 pool, 2 ms for which a leader leads, 3 ms until a silent pool is forgotten,
--       number of fields, name and value of each (the pool's hash);
--       number of shares, for each: pool, queue, processes (only a leader's are taken; they replace the plan)
-- Reply: { now, 1 if this pool leads, { queue, override ... }, { queue, share ... } of this pool,
--          { id, last beat, hash as a flat list ... } of all pools that beat lately }
-- Atomic: the plan is one leader's, never a mixture of two.
local id, lead_ms, forget_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local POOLS, LEADER, PLAN, SCALE = NS .. 'pools', NS .. 'pool-leader', NS .. 'pool-plan', NS .. 'pool-scale'
local function hash(pool) return NS .. 'pool:' .. pool end

local fields, at = {}, 5
for i = 1, 2 * tonumber(ARGV[4]) do
  fields[i] = ARGV[at]
  at = at + 1
end
if #fields > 0 then
  redis.call('HSET', hash(id), unpack(fields))
  redis.call('PEXPIRE', hash(id), forget_ms)
  redis.call('ZADD', POOLS, now, id)
end
local silent = redis.call('ZRANGE', POOLS, '-inf', now - forget_ms, 'BYSCORE', 'LIMIT', 0, 100)
if #silent > 0 then redis.call('ZREM', POOLS, unpack(silent)) end

local leader = redis.call('GET', LEADER)
if not leader or leader == id then
  redis.call('SET', LEADER, id, 'PX', lead_ms)
  leader = id
end
local shares = tonumber(ARGV[at])
at = at + 1
if leader == id and shares > 0 then
  redis.call('DEL', PLAN)
  for _ = 1, shares do
    redis.call('HSET', PLAN, ARGV[at] .. '|' .. ARGV[at + 1], ARGV[at + 2])
    at = at + 3
  end
  redis.call('PEXPIRE', PLAN, forget_ms)
end

-- A plan has as many entries as there are pools times queues: dozens.
local mine, plan = {}, redis.call('HGETALL', PLAN)
for i = 1, #plan, 2 do
  local pool, queue = string.match(plan[i], '^(.-)|(.*)$')
  if pool == id then
    mine[#mine + 1] = queue
    mine[#mine + 1] = plan[i + 1]
  end
end
local pools = {}
local beats = redis.call('ZRANGE', POOLS, 0, 99, 'WITHSCORES')
for i = 1, #beats, 2 do
  pools[#pools + 1] = beats[i]
  pools[#pools + 1] = beats[i + 1]
  pools[#pools + 1] = redis.call('HGETALL', hash(beats[i]))
end
return { now, leader == id and 1 or 0, redis.call('HGETALL', SCALE), mine, pools }
