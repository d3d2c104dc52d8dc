-- progress: what running jobs of one queue report, many jobs in one call. Refused when memory is full.
-- KEYS  anchor
-- ARGV  1 queue, for each report: id, epoch, fraction (or ''), message
-- Reply: how many were written.
-- Atomic, and fenced: a report counts only while its claim (id:epoch) holds the lease, so that one which comes late
-- shows up neither in another attempt nor after the job's end. The hash is bounded by MOST entries, and vanishes a day
-- after the last report.
local MOST = 10000
local P = queue_key(ARGV[1], '')
local members, n = {}, 0
for i = 2, #ARGV, 4 do
  n = n + 1
  members[n] = ARGV[i] .. ':' .. ARGV[i + 1]
end
if n == 0 or n > 1000 then error({ err = 'BADPROGRESS 1 to 1000 reports go in a call' }) end
local scores = redis.call('ZMSCORE', P .. 'lease', unpack(members))
local room = MOST - redis.call('HLEN', P .. 'prog')
local fields = {}
for i = 1, n do
  local at = 4 * i - 2
  if scores[i] and tonumber(scores[i]) > now then
    local id = ARGV[at]
    if room > 0 or redis.call('HEXISTS', P .. 'prog', id) == 1 then
      room = room - 1
      fields[#fields + 1] = id
      fields[#fields + 1] = ARGV[at + 2] .. '|' .. now .. '|' .. ARGV[at + 3]
    end
  end
end
if #fields == 0 then return 0 end
redis.call('HSET', P .. 'prog', unpack(fields))
redis.call('PEXPIRE', P .. 'prog', 86400000)
return #fields / 2
