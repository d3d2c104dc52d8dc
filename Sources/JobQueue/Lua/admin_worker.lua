-- admin_worker: tells a worker what to do. It hears it at once if it listens, else with its next beat.
-- KEYS  anchor
-- ARGV  1 worker, 2 command (quiet, resume or stop)
-- Reply: 1, or 0 if no such worker was heard of lately.
-- Atomic: a worker that is forgotten meanwhile gets no entry that would never expire.
local key = NS .. 'w:' .. ARGV[1]
if redis.call('EXISTS', key) == 0 then return 0 end
redis.call('HSET', key, 'command', ARGV[2])
redis.call('PUBLISH', NS .. 'control', 'worker ' .. ARGV[1])
return 1
