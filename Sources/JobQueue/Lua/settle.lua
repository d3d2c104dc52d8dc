-- settle: what a worker ended, read from the arguments and settled; the first part of turn, whose header lists them.
-- Everything is read before the first write, and each job is checked before it is written to.
local queue, worker, number, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
DONE_CAP, DEAD_CAP = tonumber(ARGV[8]), tonumber(ARGV[9])
local P = queue_key(queue, '')
local LEASE, JOBS, HIST, META = P .. 'lease', P .. 'jobs', P .. 'hist', P .. 'meta'

-- Plain completions come as columns, which go straight through to Redis's commands: a table for each job and its member
-- put together here would cost as much as the commands.
local groups, plain, members = {}, 0, {}
local first_other
do
  local at = 15
  for g = 1, tonumber(ARGV[14]) do
    local n = tonumber(ARGV[at + 1])
    groups[g] = { window = tonumber(ARGV[at]), n = n, ids = at + 2, members = at + 2 + n, before = plain }
    for i = at + 2 + n, at + 1 + 2 * n do
      plain = plain + 1
      members[plain] = ARGV[i]
    end
    at = at + 2 + 2 * n
  end
  first_other = at
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
  x = function(job, first)
    job.message = ARGV[first]
    return first + 1
  end,
}
local others = read_list(function(at)
  local flags = tonumber(ARGV[at + 3])
  local job = { kind = ARGV[at], id = ARGV[at + 1], extras = flags % 2 == 1, progress = flags >= 2 }
  job.member = job.id .. ':' .. ARGV[at + 2]
  members[#members + 1] = job.member
  return job, readers[job.kind](job, at + 4)
end, first_other)
if #members > 1000 then error({ err = 'TOOMANY at most 1000 jobs in a turn' }) end

local problems, completed = {}, 0
local function problem(position, kind, code) problems[#problems + 1] = { position, kind, code or '' } end

-- How many running jobs are asked to stop; set before anything is settled.
local cancels = 0

-- Removes jobs that are done: a range of ids, and of their members.
local function acknowledge(window, ids, first_id, last_id, gone, first_gone, last_gone)
  redis.call('ZREM', LEASE, unpack(gone, first_gone, last_gone))
  redis.call('HDEL', JOBS, unpack(ids, first_id, last_id))
  if redis.call('EXISTS', HIST) == 1 then redis.call('HDEL', HIST, unpack(ids, first_id, last_id)) end
  if window > 0 then
    -- One text for all: a number would be printed anew for each.
    local done, n, score = {}, 0, string.format('%d', now + window)
    for i = first_id, last_id do
      done[n + 1], done[n + 2] = score, ids[i]
      n = n + 2
    end
    redis.call('ZADD', P .. 'done', unpack(done))
  end
  if cancels > 0 then
    for i = first_id, last_id do take_request(queue, ids[i]) end
  end
  completed = completed + last_id - first_id + 1
end

local function complete_plain(scores)
  for _, group in ipairs(groups) do
    local n, held = group.n, 0
    for i = group.before + 1, group.before + n do
      if scores[i] then held = held + 1 end
    end
    if held == n then
      acknowledge(group.window, ARGV, group.ids, group.ids + n - 1, ARGV, group.members, group.members + n - 1)
    else
      local ids, gone = {}, {}
      for i = 1, n do
        if scores[group.before + i] then
          ids[#ids + 1], gone[#gone + 1] = ARGV[group.ids + i - 1], ARGV[group.members + i - 1]
        else
          problem(group.before + i, 'stale')
        end
      end
      if held > 0 then acknowledge(group.window, ids, 1, held, gone, 1, held) end
    end
  end
end

local settle = {}

local function text_of(fault)
  return type(fault) == 'table' and fault.err or tostring(fault)
end

-- Checks all effects, acknowledges, applies all. An error in `apply` is a fault of its author that can't be taken back:
-- the job goes to the dead letters with it, where someone sees it.
function settle.c(position, job)
  local id = job.id
  for _, effect in ipairs(job.effects) do
    local definition = EFFECTS[effect.name]
    if not definition then return problem(position, 'refused', 'unknown_effect:' .. effect.name) end
    if definition.check then
      local ran, code = pcall(definition.check, effect.args, effect.jobs)
      if not ran then return problem(position, 'refused', 'effect_error:' .. text_of(code)) end
      if code then return problem(position, 'refused', tostring(code)) end
    end
  end
  local envelope = (job.extras or #job.effects > 0) and redis.call('HGET', JOBS, id) or ''
  redis.call('ZREM', LEASE, job.member)
  if cancels > 0 then take_request(queue, id) end
  for _, effect in ipairs(job.effects) do
    local ran, fault = pcall(EFFECTS[effect.name].apply, effect.args, effect.jobs)
    if not ran then
      fault = text_of(fault)
      local h = history(redis.call('HGET', HIST, id))
      h.f = h.f + 1
      redis.call('HSET', HIST, id, trouble(h, 'f', 'effect ' .. effect.name .. ' broke: ' .. fault))
      bury(queue, id, envelope, 'dead')
      return problem(position, 'broken', effect.name .. ': ' .. fault)
    end
  end
  if #job.follow > 0 then enqueue_all(job.follow) end
  redis.call('HDEL', JOBS, id)
  redis.call('HDEL', HIST, id)
  if job.progress then redis.call('HDEL', P .. 'prog', id) end
  if job.window > 0 then redis.call('ZADD', P .. 'done', now + job.window, id) end
  if job.result and job.retention > 0 then
    redis.call('HSET', P .. 'result', id, job.result)
    redis.call('ZADD', P .. 'kept', now + job.retention, id)
  end
  if has_extras(envelope) then bonds_ended(queue, id, envelope, 'completed') end
  completed = completed + 1
end

-- Gives a lease up; returns the envelope and the reason to cancel, if there is one. An envelope of '' is a job that was
-- deleted while it ran: then nothing is left of it.
local function let_go(job)
  local envelope = redis.call('HGET', JOBS, job.id) or ''
  redis.call('ZREM', LEASE, job.member)
  local reason = cancels > 0 and take_request(queue, job.id)
  if job.progress then redis.call('HDEL', P .. 'prog', job.id) end
  if envelope == '' then redis.call('HDEL', JOBS, job.id) end
  return envelope, reason
end

function settle.f(_, job)
  local envelope, reason = let_go(job)
  if envelope == '' then return end
  local h = history(redis.call('HGET', HIST, job.id))
  h.f = h.f + 1
  redis.call('HSET', HIST, job.id, trouble(h, 'f', job.message))
  count(queue, 'failed', 1)
  if has_extras(envelope) then bonds_noted(queue, job.id, envelope, 'failed', job.message) end
  if reason then
    end_cancelled(queue, job.id, envelope, h, reason)
  elseif job.permanent or h.f >= job.maximum then
    bury(queue, job.id, envelope, 'dead')
  else
    redis.call('ZADD', P .. 'due', now + job.delay, job.id)
    count(queue, 'retried', 1)
  end
end

function settle.x(_, job)
  local envelope, reason = let_go(job)
  if envelope == '' then return end
  end_cancelled(queue, job.id, envelope, history(redis.call('HGET', HIST, job.id)), reason or job.message)
end

-- What goes back without blame; `put` says where. A job that is asked to stop ends instead.
local function go_back(job, event, put)
  if not (job.extras or job.progress or cancels > 0) then
    redis.call('ZREM', LEASE, job.member)
    return put()
  end
  local envelope, reason = let_go(job)
  if envelope == '' then return end
  if reason then
    return end_cancelled(queue, job.id, envelope, history(redis.call('HGET', HIST, job.id)), reason)
  end
  put()
  if has_extras(envelope) then bonds_noted(queue, job.id, envelope, event, '') end
end

function settle.r(_, job)
  go_back(job, 'released', function()
    redis.call('RPUSH', P .. job.part, job.id)
    wake(queue)
  end)
end

function settle.p(_, job)
  go_back(job, 'parked', function() redis.call('ZADD', P .. 'parked', 0, job.type .. ':' .. job.id) end)
end

local function settle_all()
  if #members == 0 then return end
  local scores = redis.call('ZMSCORE', LEASE, unpack(members))
  complete_plain(scores)
  for i, job in ipairs(others) do
    if scores[plain + i] then
      settle[job.kind](plain + i, job)
    else
      problem(plain + i, 'stale')
    end
  end
  if completed > 0 then
    count(queue, 'completed', completed)
    if ARGV[10] ~= '0' then count(queue, 'run_us', tonumber(ARGV[10])) end
  end
end
