-- Records the provider's intent before it is confirmed, so that a repeated job looks there first.
-- A: 1 payment id, 2 number, 3 intent. Reply: ok('go') or ok('stale') when this number is not being charged any more.
-- Atomic against cancel and expiry: after 'stale' the intent must not be confirmed.
local p = orders.payment(A[1])
if not p or p.number ~= A[2] or p.status ~= 'processing' then return ok('stale') end
if p.intent ~= '' and p.intent ~= A[3] then return ok('stale') end
if p.intent == '' then orders.note(p.order, 'intent', '', A[3] .. ', attempt ' .. A[2]) end
redis.call('HSET', ckeys.payment(A[1]), 'intent', A[3], 'updated', ckeys.int(now))
return ok('go')
