-- inspect: one queue at one moment.
-- KEYS  anchor
-- ARGV  1 queue, 2 number of minutes (0..120)
-- Reply: { paused, waiting at p0, p1, p2, suspect, leases, due, parked, dead, done, age of the oldest claimable job in
--          ms or -1, the current minute, then for each minute backwards the fields of its counters }
-- Reads only; its work does not depend on the queue's length.
local P = queue_key(ARGV[1], '')
local oldest = -1
for _, part in ipairs({ 'p0', 'p1', 'p2', 'suspect' }) do
  local id = redis.call('LINDEX', P .. part, -1)
  local envelope = id and redis.call('HGET', P .. 'jobs', id)
  if envelope and envelope ~= '' then
    local created, delay = string.match(envelope, '^%d (%d+) (%d+) ')
    if created then oldest = math.max(oldest, now - created - delay, 0) end
  end
end
local minute = math.floor(now / 60000)
local reply = {
  redis.call('HEXISTS', P .. 'meta', 'paused'),
  redis.call('LLEN', P .. 'p0'), redis.call('LLEN', P .. 'p1'), redis.call('LLEN', P .. 'p2'),
  redis.call('LLEN', P .. 'suspect'), redis.call('ZCARD', P .. 'lease'), redis.call('ZCARD', P .. 'due'),
  redis.call('ZCARD', P .. 'parked'), redis.call('ZCARD', P .. 'dead'), redis.call('ZCARD', P .. 'done'),
  oldest, minute,
}
for i = 0, tonumber(ARGV[2]) - 1 do
  reply[#reply + 1] = redis.call('HGETALL', P .. 'stat:' .. (minute - i))
end
return reply
