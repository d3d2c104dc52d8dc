-- migrate_1: a part of a queue from layout 1 to 2, where results are kept apart from the memory of ended ids.
-- KEYS  anchor
-- ARGV  1 queue, 2 cursor, '0' at first
-- Reply: the next cursor, '0' at the end.
-- Atomic: a part. It can be repeated and run at the same time elsewhere: what is moved is not moved again.
local P = queue_key(ARGV[1], '')
local page = redis.call('HSCAN', P .. 'result', ARGV[2], 'COUNT', 100)
for i = 1, #page[2], 2 do
  local id = page[2][i]
  if not redis.call('ZSCORE', P .. 'kept', id) then
    local ends = redis.call('ZSCORE', P .. 'done', id)
    if ends then
      redis.call('ZADD', P .. 'kept', ends, id)
    else
      redis.call('HDEL', P .. 'result', id)
    end
  end
end
return page[1]
