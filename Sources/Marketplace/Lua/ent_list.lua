-- One page of a user's library, newest first. K: 1 ZSET of entitlement ids. A: 1 last member or '', 2 wanted.
-- Reply: ok(members, entitlements).
local max = A[1] == '' and '+' or '(' .. A[1]
local members = redis.call('ZREVRANGEBYLEX', K[1], max, '-', 'LIMIT', 0, tonumber(A[2]))
local records = {}
for i, member in ipairs(members) do records[i] = entitlements.reply(member) end
return ok(members, records)
