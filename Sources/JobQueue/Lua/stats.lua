-- stats: what happened, counted by the minute.
-- The first count of a minute gives the key its expiry and the queue its place in the list of queues, so that neither
-- costs a command otherwise.
local function count(queue, field, n)
  local key = queue_key(queue, 'stat:') .. math.floor(now / 60000)
  if redis.call('HINCRBY', key, field, n) == n then
    redis.call('EXPIRE', key, 90000)
    redis.call('SADD', NS .. 'queues', queue)
  end
end
