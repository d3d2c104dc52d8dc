-- Claims an Idempotency-Key, or says what became of it.
-- K: 1 the record. A: 1 fingerprint of the body, 2 claim (made by the caller), 3 ms after which a claim lapses, 4 ms the record lives, 5 ms to add to the clock.
-- Reply: ok('started') | ok('replay', status, body) | ok('resource', id); refuses idempotency_key_reused, request_in_flight (detail: ms left).
-- Atomic because two requests with one key at once must not both start (a read, then a run, then a write lets both run).
local time = now + tonumber(A[5])
local record = redis.call('HMGET', K[1], 'fp', 'claim', 'claimed', 'resource', 'status', 'body')
if record[1] and record[1] ~= A[1] then return refuse('idempotency_key_reused') end
if record[5] then return ok('replay', record[5], record[6]) end
if record[4] then
  -- Done, but its answer was not stored yet: whoever comes may render the resource. The state does not change twice.
  redis.call('HSET', K[1], 'claim', A[2])
  return ok('resource', record[4])
end
if record[1] and record[2] ~= A[2] then
  local left = tonumber(record[3]) + tonumber(A[3]) - time
  if left > 0 then return refuse('request_in_flight', string.format('%.0f', left)) end
end
redis.call('HSET', K[1], 'fp', A[1], 'claim', A[2], 'claimed', string.format('%.0f', time))
redis.call('PEXPIRE', K[1], A[4])
return ok('started')
