-- Stores the answer to be replayed. K: 1 the record. A: 1 claim, 2 status, 3 body. Reply: ok(1 when stored, else 0).
-- The first answer stays; a lapsed claim may still answer once the change is recorded, since the resource is the same for all.
local record = redis.call('HMGET', K[1], 'claim', 'resource', 'status')
if record[3] or not record[1] or (record[1] ~= A[1] and not record[2]) then return ok(0) end
redis.call('HSET', K[1], 'status', A[2], 'body', A[3])
return ok(1)
