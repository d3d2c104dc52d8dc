-- put: jobs onto their queues; part of every script that enqueues.
-- A prepared job takes six arguments: queue, id, level, delay ms, window ms, body. Returns it and the next index.
-- It raises before anything is written, so that `enqueue` can't fail later.
local function read_job(at)
  local level, delay, body = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), ARGV[at + 5]
  if not (body and delay and (level == 0 or level == 1 or level == 2)) or ARGV[at] == '' or ARGV[at + 1] == '' then
    error({ err = 'BADJOB a prepared job is malformed at argument ' .. at })
  end
  return { queue = ARGV[at], id = ARGV[at + 1], level = level, delay = delay, body = body }, at + 6
end

-- `seen` is shared by the jobs of one call for one queue: a second job of the same id is a no-op too.
local function enqueue_to(queue, list, indexes, results)
  local ids = {}
  for i, index in ipairs(indexes) do ids[i] = list[index].id end
  local live = redis.call('HMGET', queue_key(queue, 'jobs'), unpack(ids))
  local done = redis.call('ZMSCORE', queue_key(queue, 'done'), unpack(ids))
  local dead = redis.call('ZMSCORE', queue_key(queue, 'dead'), unpack(ids))
  local seen, envelopes, due, levels, n = {}, {}, {}, {}, 0
  for i, index in ipairs(indexes) do
    local job, id = list[index], ids[i]
    if seen[id] or live[i] or dead[i] or (done[i] and tonumber(done[i]) > now) then
      results[index] = false
    else
      seen[id] = true
      results[index] = true
      n = n + 1
      envelopes[2 * n - 1] = id
      envelopes[2 * n] = job.level .. ' ' .. now .. ' ' .. job.delay .. ' ' .. job.body
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
    end
  end
  if n == 0 then return 0 end
  redis.call('HSET', queue_key(queue, 'jobs'), unpack(envelopes))
  for level, waiting in pairs(levels) do
    redis.call('LPUSH', queue_key(queue, 'p') .. level, unpack(waiting))
  end
  if #due > 0 then redis.call('ZADD', queue_key(queue, 'due'), unpack(due)) end
  redis.call('ZADD', queue_key(queue, 'wake'), 0, 'w')
  count(queue, 'enqueued', n)
  return n
end

-- Puts up to 1,000 jobs on their queues; returns whether each was put there, and how many were.
local function enqueue_all(list)
  local groups, order, results, n = {}, {}, {}, 0
  for index, job in ipairs(list) do
    local group = groups[job.queue]
    if not group then
      group = {}
      groups[job.queue] = group
      order[#order + 1] = job.queue
    end
    group[#group + 1] = index
  end
  for _, queue in ipairs(order) do n = n + enqueue_to(queue, list, groups[queue], results) end
  return results, n
end

local function enqueue(job) return enqueue_all({ job })[1] end
