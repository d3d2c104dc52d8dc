-- turn: settles what a worker ended and claims what it runs next, in one step. Runs when memory is full, so that a full
-- Redis drains.
-- KEYS  anchor
-- ARGV  1 queue, 2 worker, 3 turn number, 4 lease ms, 5 number to claim (0..64), 6 'idle' if the process runs nothing,
--       7 cap of remembered jobs, 8 cap of dead jobs, 9 microseconds that the completed jobs ran,
--       10 number of plain completions, then for each: id, epoch, window ms;
--       number of others, then for each its kind, id, epoch and
--         'c' window ms, retention ms, 1|0 has a result, result, number of effects, for each: name, number of arguments,
--             these, number of jobs, five for each; number of follow-up jobs, five for each
--         'f' delay ms, maximum failures, 1|0 permanent, message
--         'r' list to go back to the head of (p0 p1 p2 suspect)
--         'p' type@version
-- Reply: { problems, claimed, more, next, solo, paused }
--   problems  for what was not settled: {position (plain first), 'stale' | 'refused' | 'broken', code}
--   claimed   id, epoch, failures, lapses, envelope for each job
--   more      1 if jobs are left to claim; next: ms to the next due job or expiry, -1 if there is none or `more`
--   solo      1: what was claimed is a suspect, run it alone; 2: empty the process, then ask as 'idle'
-- Atomic: each job's acknowledgement with its effects and follow-ups, fenced by its lease (id:epoch). Within one job
-- everything is checked before the first write; a refused job leaves its lease and its neighbours as they are.
-- A repeated turn (same worker and number) answers what the first did: the worker may send it again after a cut.
local queue, worker, number, lease_ms, want = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local idle = ARGV[6] == 'idle'
DONE_CAP, DEAD_CAP = tonumber(ARGV[7]), tonumber(ARGV[8])
local P = queue_key(queue, '')
local LEASE, JOBS = P .. 'lease', P .. 'jobs'
local memory_key = P .. 'turn:' .. worker

-- Reads everything before the first write.
local plain, others, members = {}, {}, {}
local at = 11
for i = 1, tonumber(ARGV[10]) do
  plain[i] = { id = ARGV[at], window = tonumber(ARGV[at + 2]) }
  members[i] = ARGV[at] .. ':' .. ARGV[at + 1]
  at = at + 3
end
local function read_list(read, first)
  local list, next_at = {}, first + 1
  for i = 1, tonumber(ARGV[first]) do list[i], next_at = read(next_at) end
  return list, next_at
end
local function read_argument(first) return ARGV[first], first + 1 end
local function read_effect(first)
  local effect = { name = ARGV[first] }
  effect.args, first = read_list(read_argument, first + 1)
  effect.jobs, first = read_list(read_job, first)
  return effect, first
end
local readers = {
  c = function(job, first)
    job.window, job.retention = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
    if ARGV[first + 2] == '1' then job.result = ARGV[first + 3] end
    job.effects, first = read_list(read_effect, first + 4)
    job.follow, first = read_list(read_job, first)
    return first
  end,
  f = function(job, first)
    job.delay, job.maximum = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
    job.permanent, job.message = ARGV[first + 2] == '1', ARGV[first + 3]
    return first + 4
  end,
  r = function(job, first)
    job.part = ARGV[first]
    return first + 1
  end,
  p = function(job, first)
    job.type = ARGV[first]
    return first + 1
  end,
}
local first_other = at + 1
for i = 1, tonumber(ARGV[at]) do
  local job = { kind = ARGV[first_other], id = ARGV[first_other + 1] }
  job.member = job.id .. ':' .. ARGV[first_other + 2]
  members[#members + 1] = job.member
  first_other = readers[job.kind](job, first_other + 3)
  others[i] = job
end
if #members > 1000 then error({ err = 'TOOMANY at most 1000 jobs in a turn' }) end

local function describe(ids, epochs)
  local envelopes = redis.call('HMGET', JOBS, unpack(ids))
  local hist = redis.call('HMGET', P .. 'hist', unpack(ids))
  local flat, n = {}, 0
  for i, id in ipairs(ids) do
    local f, l = 0, 0
    if hist[i] then
      local h = history(hist[i])
      f, l = h.f, h.l
    end
    flat[n + 1], flat[n + 2], flat[n + 3], flat[n + 4], flat[n + 5] = id, epochs[i], f, l, envelopes[i] or ''
    n = n + 5
  end
  return flat
end

-- A repeat: what was settled is settled; what was claimed and still is, is handed over again.
local memory = redis.call('GET', memory_key)
if memory then
  memory = cmsgpack.unpack(memory)
  if memory.n == number then
    local ids, epochs = {}, {}
    if #memory.m > 0 then
      local scores = redis.call('ZMSCORE', LEASE, unpack(memory.m))
      for i, member in ipairs(memory.m) do
        if scores[i] then
          local id, epoch = string.match(member, '^(.*):(%d+)$')
          ids[#ids + 1], epochs[#epochs + 1] = id, tonumber(epoch)
        end
      end
    end
    local flat = {}
    if #ids > 0 then flat = describe(ids, epochs) end
    return { memory.p, flat, 1, -1, memory.s, 0 }
  elseif memory.n > number then
    -- A late copy of an earlier turn: it was answered long ago, and what it would claim nobody would run.
    return { {}, {}, 0, -1, 0, 0 }
  end
end

local problems = {}
local function problem(position, kind, code) problems[#problems + 1] = { position, kind, code or '' } end

local completed = 0

local function complete_plain(scores)
  local gone, ids, done, n = {}, {}, {}, 0
  for i, job in ipairs(plain) do
    if scores[i] then
      n = n + 1
      gone[n], ids[n] = members[i], job.id
      if job.window > 0 then
        done[#done + 1] = now + job.window
        done[#done + 1] = job.id
      end
    else
      problem(i, 'stale')
    end
  end
  if n == 0 then return end
  redis.call('ZREM', LEASE, unpack(gone))
  redis.call('HDEL', JOBS, unpack(ids))
  redis.call('HDEL', P .. 'hist', unpack(ids))
  if #done > 0 then redis.call('ZADD', P .. 'done', unpack(done)) end
  completed = completed + n
end

local settle = {}

-- Checks all effects, acknowledges, applies all. An error in `apply` is a fault of its author that can't be taken back:
-- the job goes to the dead letters with it, where someone sees it.
function settle.c(position, job)
  for _, effect in ipairs(job.effects) do
    local definition = EFFECTS[effect.name]
    if not definition then return problem(position, 'refused', 'unknown_effect:' .. effect.name) end
    if definition.check then
      local ran, code = pcall(definition.check, effect.args, effect.jobs)
      if not ran then
        local text = type(code) == 'table' and code.err or tostring(code)
        return problem(position, 'refused', 'effect_error:' .. text)
      end
      if code then return problem(position, 'refused', tostring(code)) end
    end
  end
  local envelope = #job.effects > 0 and redis.call('HGET', JOBS, job.id)
  redis.call('ZREM', LEASE, job.member)
  for _, effect in ipairs(job.effects) do
    local ran, fault = pcall(EFFECTS[effect.name].apply, effect.args, effect.jobs)
    if not ran then
      fault = type(fault) == 'table' and fault.err or tostring(fault)
      local h = history(redis.call('HGET', P .. 'hist', job.id))
      h.f = h.f + 1
      redis.call('HSET', P .. 'hist', job.id, trouble(h, 'f', 'effect ' .. effect.name .. ' broke: ' .. fault))
      bury(queue, job.id, envelope or '')
      return problem(position, 'broken', effect.name .. ': ' .. fault)
    end
  end
  if #job.follow > 0 then enqueue_all(job.follow) end
  redis.call('HDEL', JOBS, job.id)
  redis.call('HDEL', P .. 'hist', job.id)
  if job.window > 0 then redis.call('ZADD', P .. 'done', now + job.window, job.id) end
  if job.result and job.retention > 0 then
    redis.call('HSET', P .. 'result', job.id, job.result)
    redis.call('ZADD', P .. 'kept', now + job.retention, job.id)
  end
  completed = completed + 1
end

function settle.f(_, job)
  local envelope = redis.call('HGET', JOBS, job.id)
  redis.call('ZREM', LEASE, job.member)
  if not envelope or envelope == '' then
    redis.call('HDEL', JOBS, job.id)
    redis.call('HDEL', P .. 'hist', job.id)
    return
  end
  local h = history(redis.call('HGET', P .. 'hist', job.id))
  h.f = h.f + 1
  redis.call('HSET', P .. 'hist', job.id, trouble(h, 'f', job.message))
  count(queue, 'failed', 1)
  if job.permanent or h.f >= job.maximum then
    bury(queue, job.id, envelope)
  else
    redis.call('ZADD', P .. 'due', now + job.delay, job.id)
  end
end

function settle.r(_, job)
  redis.call('ZREM', LEASE, job.member)
  redis.call('RPUSH', P .. job.part, job.id)
  wake(queue)
end

function settle.p(_, job)
  redis.call('ZREM', LEASE, job.member)
  redis.call('ZADD', P .. 'parked', 0, job.type .. ':' .. job.id)
end

if #members > 0 then
  local scores = redis.call('ZMSCORE', LEASE, unpack(members))
  complete_plain(scores)
  for i, job in ipairs(others) do
    if scores[#plain + i] then
      settle[job.kind](#plain + i, job)
    else
      problem(#plain + i, 'stale')
    end
  end
  if completed > 0 then
    count(queue, 'completed', completed)
    count(queue, 'run_us', tonumber(ARGV[9]))
  end
end

-- Takes up to `want` ids from the right of the levels; skips deleted ones.
local ids, popped, more, solo = {}, 0, 0, 0
local function take(part, n)
  local list = redis.call('RPOP', P .. part, n)
  if not list then return 0 end
  popped = popped + #list
  for _, id in ipairs(list) do ids[#ids + 1] = id end
  return #list
end

local function drop_deleted()
  if #ids == 0 then return {} end
  local envelopes, kept, gone = redis.call('HMGET', JOBS, unpack(ids)), {}, {}
  for i, id in ipairs(ids) do
    if envelopes[i] and envelopes[i] ~= '' then
      kept[#kept + 1] = id
    else
      gone[#gone + 1] = id
    end
  end
  if #gone > 0 then
    -- Their history went with the deletion; a cancelled one still shows it among the dead.
    redis.call('HDEL', JOBS, unpack(gone))
    ids = kept
    local rest = {}
    for _, envelope in ipairs(envelopes) do
      if envelope and envelope ~= '' then rest[#rest + 1] = envelope end
    end
    return rest
  end
  return envelopes
end

local promoted = promote(queue)
local lapsed = reap(queue)
local paused = redis.call('HGET', P .. 'meta', 'paused')
local claimed, claimed_members, next_ms = {}, {}, -1
if want > 0 and not paused then
  local suspects = redis.call('LLEN', P .. 'suspect')
  if suspects > 0 and idle then
    take('suspect', 1)
    solo = 1
  elseif suspects > 0 and redis.call('SET', P .. 'solo', worker, 'NX', 'PX', lease_ms) then
    solo = 2
  end
  if solo == 0 then
    local left = want
    for level = 0, 2 do
      if left > 0 then left = left - take('p' .. level, left) end
    end
  end
  local envelopes = drop_deleted()
  if #ids > 0 then
    local epoch = redis.call('HINCRBY', P .. 'meta', 'epoch', #ids) - #ids
    local hist = redis.call('HMGET', P .. 'hist', unpack(ids))
    local leases, n = {}, 0
    for i, id in ipairs(ids) do
      local f, l = 0, 0
      if hist[i] then
        local h = history(hist[i])
        f, l = h.f, h.l
      end
      claimed[n + 1], claimed[n + 2], claimed[n + 3], claimed[n + 4], claimed[n + 5] = id, epoch + i, f, l, envelopes[i]
      n = n + 5
      local member = id .. ':' .. (epoch + i)
      claimed_members[i] = member
      leases[2 * i - 1] = now + lease_ms
      leases[2 * i] = member
    end
    redis.call('ZADD', LEASE, unpack(leases))
  end
  if solo == 1 then redis.call('DEL', P .. 'solo') end
  -- More than was taken: wake the next worker, a chain and no herd.
  local rest = (solo == 1 and suspects > 1) or (solo == 0 and suspects > 0 and lapsed > 0)
  if not rest and (solo ~= 0 or popped == want) then
    for level = 0, 2 do
      if not rest and redis.call('LLEN', P .. 'p' .. level) > 0 then rest = true end
    end
  end
  if rest then
    more = 1
    wake(queue)
  end
elseif promoted + lapsed > 0 then
  wake(queue)
end
-- Also when nothing ends any more, and then more at once, because nobody waits for it.
local swept = 0
if completed > 0 then
  swept = sweep(queue, 2 * completed + 16)
elseif #members == 0 and #claimed == 0 then
  swept = sweep(queue, 500)
end
if more == 0 then
  local due = redis.call('ZRANGE', P .. 'due', 0, 0, 'WITHSCORES')
  local lease = redis.call('ZRANGE', LEASE, 0, 0, 'WITHSCORES')
  local at_ms = math.min(tonumber(due[2] or 'inf') or math.huge, tonumber(lease[2] or 'inf') or math.huge)
  if at_ms < math.huge then next_ms = math.max(0, at_ms - now) end
  if swept == 500 then next_ms = 10 end
end
redis.call(
  'SET', memory_key, cmsgpack.pack({ n = number, p = problems, m = claimed_members, s = solo }), 'PX',
  math.max(60000, 2 * lease_ms))
return { problems, claimed, more, next_ms, solo, paused and 1 or 0 }
