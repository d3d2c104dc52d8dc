-- Gives a claim back after a refusal that changed nothing. K: 1 the record. A: 1 claim. Reply: ok(1 when released, else 0).
local record = redis.call('HMGET', K[1], 'claim', 'resource', 'status')
if record[1] ~= A[1] or record[2] or record[3] then return ok(0) end
redis.call('DEL', K[1])
return ok(1)
