-- admin: what operators do to jobs.
-- KEYS  anchor
-- ARGV  1 operation, 2 queue, 3 its argument or '', 4 cap of dead jobs, 5... ids, at most 100
--   retry                a dead job goes back to its level with fresh budgets; its troubles stay to be read
--   run                  a scheduled job can be claimed at once
--   cancel  3 reason     what does not run ends now, cancelled; what runs is asked to stop
--   kill    3 reason     the same, but a running job loses its lease at once and its worker is told
--   delete               a job in any place, as if it had never been; a running one loses its lease, a completed one is
--                        forgotten
--   edit    3 payload    another payload, for what does not run and is not completed
--   move    3 queue      to another queue; for what does not run and is not completed
-- Reply: for each id { code, detail }: 'done', 'requested' (cancel of a running job), 'missing', 'state' (detail: the
--   state that does not allow it), 'unique' (detail: the id that holds the lock), 'duplicate' (the id is known there)
-- Atomic: a job is in exactly one place before and after. Each job is checked before it is changed; a refused one
-- leaves its neighbours as they are. Taking an id out of a list would cost the list, so it stays there and a mark ('')
-- in `jobs` tells its claim to skip it.
local operation, queue, argument = ARGV[1], ARGV[2], ARGV[3]
DEAD_CAP = tonumber(ARGV[4])
local P = queue_key(queue, '')
local operations = {}

local function refuse_state(job) return { 'state', job.state } end

-- Takes a job out of the place where it is. What stays in a list is marked by the caller, as the last that it does to
-- `jobs`. Without its lease, nothing that a running attempt still does can be applied.
local function take_out(job)
  if job.state == 'scheduled' then
    redis.call('ZREM', P .. 'due', job.id)
  elseif job.state == 'parked' then
    redis.call('ZREM', P .. 'parked', job.parked)
  elseif job.state == 'dead' then
    redis.call('ZREM', P .. 'dead', job.id)
    redis.call('HDEL', P .. 'morgue', job.id)
  elseif job.state == 'running' then
    redis.call('ZREM', P .. 'lease', job.member)
    if lease_index then lease_index[job.id] = nil end
    take_request(queue, job.id)
    redis.call('PUBLISH', NS .. 'control', 'lost ' .. queue .. ' ' .. job.id)
    -- Its place under the limit is free.
    wake(queue)
  end
end

local function leave_mark(job)
  if job.state == 'waiting' or job.state == 'suspect' then redis.call('HSET', P .. 'jobs', job.id, '') end
end

function operations.retry(job)
  if job.state ~= 'dead' or job.envelope == '' then return refuse_state(job) end
  if has_extras(job.envelope) then
    local code, holder = bonds_revived(queue, job.id, job.envelope)
    if code then return { 'unique', holder or '' } end
  end
  take_out(job)
  local text = redis.call('HGET', P .. 'hist', job.id)
  if text then
    local h = history(text)
    h.f, h.l = 0, 0
    redis.call('HSET', P .. 'hist', job.id, cjson.encode(h))
  end
  -- One that was cancelled while it waited may still lie in its list, marked: then it lives again where it lies.
  local lies = redis.call('HEXISTS', P .. 'jobs', job.id) == 1
  redis.call('HSET', P .. 'jobs', job.id, job.envelope)
  if not lies then redis.call('LPUSH', P .. 'p' .. string.sub(job.envelope, 1, 1), job.id) end
  wake(queue)
  return { 'done' }
end

function operations.run(job)
  if job.state ~= 'scheduled' then return refuse_state(job) end
  redis.call('ZREM', P .. 'due', job.id)
  return_to_lists(queue, { job.id }, { job.envelope }, 'LPUSH')
  wake(queue)
  return { 'done' }
end

local function bury_cancelled(job, message)
  local h = history(redis.call('HGET', P .. 'hist', job.id))
  redis.call('HSET', P .. 'hist', job.id, trouble(h, 'c', message))
  take_out(job)
  bury(queue, job.id, job.envelope, 'cancelled')
end

function operations.cancel(job)
  if job.state == 'dead' or job.state == 'completed' then return refuse_state(job) end
  local reason = argument == '' and 'cancelled' or 'cancelled: ' .. argument
  if job.state == 'running' then
    if redis.call('HSET', P .. 'cancel', job.id, argument) == 1 then redis.call('HINCRBY', P .. 'meta', 'cancels', 1) end
    redis.call('PUBLISH', NS .. 'control', 'cancel ' .. queue .. ' ' .. job.id)
    return { 'requested' }
  end
  bury_cancelled(job, reason)
  leave_mark(job)
  return { 'done' }
end

function operations.kill(job)
  if job.state ~= 'running' then return operations.cancel(job) end
  bury_cancelled(job, argument == '' and 'killed' or 'killed: ' .. argument)
  return { 'done' }
end

function operations.delete(job)
  if job.state == 'completed' then
    redis.call('ZREM', P .. 'done', job.id)
    redis.call('ZREM', P .. 'kept', job.id)
    redis.call('HDEL', P .. 'result', job.id)
    return { 'done' }
  end
  take_out(job)
  redis.call('HDEL', P .. 'hist', job.id)
  redis.call('HDEL', P .. 'prog', job.id)
  if job.state ~= 'dead' then
    redis.call('HDEL', P .. 'jobs', job.id)
    leave_mark(job)
    if has_extras(job.envelope) then bonds_ended(queue, job.id, job.envelope, 'deleted') end
  end
  return { 'done' }
end

function operations.edit(job)
  if job.state == 'running' or job.state == 'completed' then return refuse_state(job) end
  local header = string.match(job.envelope, '^[^\n]*\n')
  if not header then return refuse_state(job) end
  redis.call('HSET', P .. (job.state == 'dead' and 'morgue' or 'jobs'), job.id, header .. argument)
  return { 'done' }
end

function operations.move(job)
  if job.state == 'running' or job.state == 'completed' or job.envelope == '' then return refuse_state(job) end
  local T, id = queue_key(argument, ''), job.id
  local done = tonumber(redis.call('ZSCORE', T .. 'done', id) or 0)
  if argument == queue or done > now or redis.call('HEXISTS', T .. 'jobs', id) == 1
    or redis.call('ZSCORE', T .. 'dead', id)
  then
    return { 'duplicate', argument }
  end
  if job.state ~= 'dead' and has_extras(job.envelope) then
    local code, holder = bonds_moved(queue, argument, id, job.envelope)
    if code then return { 'unique', holder or '' } end
  end
  take_out(job)
  -- A dead one may be marked, because it was cancelled in a list that it still lies in: the mark stays.
  if job.state ~= 'dead' then redis.call('HDEL', P .. 'jobs', id) end
  leave_mark(job)
  local hist = redis.call('HGET', P .. 'hist', id)
  if hist then
    redis.call('HDEL', P .. 'hist', id)
    redis.call('HSET', T .. 'hist', id, hist)
  end
  if job.state == 'dead' then
    redis.call('ZADD', T .. 'dead', job.at, id)
    redis.call('HSET', T .. 'morgue', id, job.envelope)
  else
    redis.call('HSET', T .. 'jobs', id, job.envelope)
    if job.state == 'scheduled' then
      redis.call('ZADD', T .. 'due', job.at, id)
    else
      -- What was parked may be known there; its claim says so.
      return_to_lists(argument, { id }, { job.envelope }, 'LPUSH')
    end
    wake(argument)
  end
  redis.call('SADD', NS .. 'queues', argument)
  return { 'done' }
end

indexes_leases = #ARGV > 5
local reply = {}
for i = 5, #ARGV do
  local job = locate(queue, ARGV[i])
  reply[i - 4] = job and operations[operation](job) or { 'missing' }
end
return reply
