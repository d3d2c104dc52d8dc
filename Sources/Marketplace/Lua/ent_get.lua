-- One entitlement of the user. A: 1 entitlement id, 2 user. Reply: ok(entitlement). Refuses not_found.
local e = entitlements.get(A[1])
if not e or e.user ~= A[2] then return refuse('not_found') end
return ok(entitlements.reply(A[1]))
