-- history: a queue's counters over time.
-- KEYS  anchor
-- ARGV  1 queue, 2 minutes in a point (1, 60 or 1440), 3 number of points
-- Reply: { now, the minute that is not rolled up or -1, its fields, then the fields of each point backwards from now }
-- Reads only, all at one moment; it costs the points.
local P, minutes = queue_key(ARGV[1], ''), tonumber(ARGV[2])
local prefix = P .. (minutes == 1 and 'stat:' or minutes == 60 and 'stat:h:' or 'stat:d:')
local counted = tonumber(redis.call('HGET', P .. 'meta', 'counted') or -1)
local newest = math.floor(now / 60000 / minutes)
local reply = { now, counted, redis.call('HGETALL', P .. 'stat:' .. counted) }
for i = 0, tonumber(ARGV[3]) - 1 do reply[#reply + 1] = redis.call('HGETALL', prefix .. (newest - i)) end
return reply
