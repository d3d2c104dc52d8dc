-- find: one job, wherever it is.
-- KEYS  anchor
-- ARGV  1 id, 2 most queues to ask, 3... queues; without any, all that are known, by name
-- Reply: { queues beyond the most, then for the job, if one of the queues has it:
--          queue, state, its time or -1, envelope, history, result, progress ('' for what there is not) }
-- Reads only, all at one moment. It costs the queues; if the job may run, also as much as there are leases.
local names, rest = {}, {}
for i = 3, #ARGV do names[i - 2] = ARGV[i] end
if #names == 0 then
  names = redis.call('SMEMBERS', NS .. 'queues')
  table.sort(names)
end
local id, most = ARGV[1], tonumber(ARGV[2])
for i = most + 1, #names do rest[#rest + 1] = names[i] end
for i = 1, math.min(#names, most) do
  local job = locate(names[i], id)
  if job then
    local P = queue_key(job.queue, '')
    return {
      rest, job.queue, job.state, job.at or -1, job.envelope or '', redis.call('HGET', P .. 'hist', id) or '',
      redis.call('HGET', P .. 'result', id) or false, redis.call('HGET', P .. 'prog', id) or '',
    }
  end
end
return { rest }
