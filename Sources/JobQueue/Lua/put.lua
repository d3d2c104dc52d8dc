-- put: jobs onto their queues; part of every script that enqueues.
local LEVELS = { ['0'] = 0, ['1'] = 1, ['2'] = 2, ['0+'] = 0, ['1+'] = 1, ['2+'] = 2 }

-- Makes a job of its five parts; nil if one is malformed, so that `enqueue` can't fail later. The mark is the level, and
-- '+' if the body's header has extras.
local function make_job(queue, id, mark, delay, body)
  local level, ms = LEVELS[mark], tonumber(delay)
  if not (level and ms and body) or queue == '' or id == '' then return nil end
  local job = { queue = queue, id = id, level = level, mark = mark, delay = ms, body = body }
  if #mark == 2 then
    job.extras = read_extras(body, '')
    if not job.extras then return nil end
  end
  return job
end

-- A prepared job takes five arguments: queue, id, mark, delay ms, body. Returns it and the next index.
local function read_job(at)
  local job = make_job(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  if not job then error({ err = 'BADJOB a prepared job is malformed at argument ' .. at }) end
  return job, at + 5
end

-- Takes the job's lock, counts it in its batch and notes it. Returns its body, or nil and the holder of the lock.
local function tie(queue, job, coming, joined)
  local x, body = job.extras, job.body
  if x.mode then
    local holder = lock_holder(queue, x.digest, coming)
    if holder then return nil, holder end
    lock(queue, x, job.id)
  end
  if x.batch then
    if joined[x.batch] == nil then
      local b = redis.call('HMGET', batch_key(x.batch), 'created', 'finished')
      joined[x.batch] = b[1] and not b[2] and 0
    end
    if joined[x.batch] then
      joined[x.batch] = joined[x.batch] + 1
    else
      -- Too late: it must not be counted down where it was not counted.
      body = string.gsub(body, '^(%S+ %d+ %d+ %d+ %d+ %d+ %S+[^\n]-) b=%S+', '%1', 1)
    end
  end
  if x.tag then note(x, queue, job.id, 'enqueued', job.delay > 0 and 'in ' .. job.delay .. ' ms' or '') end
  return body
end

-- `seen` is shared by the jobs of one call for one queue: a second job of the same id is a no-op too.
local function enqueue_to(queue, list, indexes, results, holders)
  local ids = {}
  for i, index in ipairs(indexes) do ids[i] = list[index].id end
  local live = redis.call('HMGET', queue_key(queue, 'jobs'), unpack(ids))
  local done = redis.call('ZMSCORE', queue_key(queue, 'done'), unpack(ids))
  local dead = redis.call('ZMSCORE', queue_key(queue, 'dead'), unpack(ids))
  local seen, joined, envelopes, due, levels, n = {}, {}, {}, {}, {}, 0
  for i, index in ipairs(indexes) do
    local job, id = list[index], ids[i]
    local body, holder
    if not (seen[id] or live[i] or dead[i] or (done[i] and tonumber(done[i]) > now)) then
      body = job.body
      if job.extras then body, holder = tie(queue, job, seen, joined) end
    end
    results[index] = body ~= nil
    if body then
      seen[id] = true
      n = n + 1
      envelopes[2 * n - 1] = id
      envelopes[2 * n] = (job.mark or job.level) .. ' ' .. now .. ' ' .. job.delay .. ' ' .. body
      if job.delay > 0 then
        due[#due + 1] = now + job.delay
        due[#due + 1] = id
      else
        local level = levels[job.level]
        if not level then
          level = {}
          levels[job.level] = level
        end
        level[#level + 1] = id
      end
    elseif holder and holder ~= id then
      holders[index] = holder
    end
  end
  if n == 0 then return 0 end
  redis.call('HSET', queue_key(queue, 'jobs'), unpack(envelopes))
  for level, waiting in pairs(levels) do
    redis.call('LPUSH', queue_key(queue, 'p') .. level, unpack(waiting))
  end
  if #due > 0 then redis.call('ZADD', queue_key(queue, 'due'), unpack(due)) end
  redis.call('ZADD', queue_key(queue, 'wake'), 0, 'w')
  for batch, members in pairs(joined) do
    if members then
      redis.call('HINCRBY', batch_key(batch), 'total', members)
      redis.call('HINCRBY', batch_key(batch), 'pending', members)
    end
  end
  count(queue, 'enqueued', n)
  return n
end

-- Puts up to 1,000 jobs on their queues; returns whether each was put there, how many were, and by index who holds the
-- lock of a unique job that was not.
local function enqueue_all(list)
  local groups, order, results, holders, n = {}, {}, {}, {}, 0
  for index, job in ipairs(list) do
    local group = groups[job.queue]
    if not group then
      group = {}
      groups[job.queue] = group
      order[#order + 1] = job.queue
    end
    group[#group + 1] = index
  end
  for _, queue in ipairs(order) do n = n + enqueue_to(queue, list, groups[queue], results, holders) end
  return results, n, holders
end

-- Puts one job on its queue; returns whether, and who holds its lock if that kept it away.
function enqueue(job)
  local results, _, holders = enqueue_all({ job })
  return results[1], holders[1]
end
