-- Takes a right away at once: the epoch goes up, so every token made before is void.
-- A: 1 entitlement id, 2 who asks, 3 '1' for an admin, 4 reason. Reply: ok(entitlement). Refuses not_found.
-- A revoked one stays as it was revoked.
local e = entitlements.get(A[1])
if not e or (e.seller ~= A[2] and A[3] ~= '1') then return refuse('not_found') end
if e.status ~= 'revoked' then
  redis.call('HINCRBY', ckeys.entitlement(A[1]), 'epoch', 1)
  redis.call('HSET', ckeys.entitlement(A[1]), 'status', 'revoked', 'revoked', ckeys.int(now), 'revoked_by', A[2],
    'reason', A[4])
  entitlements.note(A[1], 'revoked', '', 'by ' .. A[2] .. ': ' .. A[4])
end
return ok(entitlements.reply(A[1]))
