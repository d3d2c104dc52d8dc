-- One page of a list of identifiers, newest first. They sort by the time they were made, so the set is read by value.
-- K: 1 the ZSET (all scores 0). A: 1 last member of the page before or '', 2 members wanted, 3 what their hashes' keys
-- begin with after NS, or 'order' for orders with their payments, or '' for the members alone.
-- Reply: ok(members, records).
local max = A[1] == '' and '+' or '(' .. A[1]
local members = redis.call('ZREVRANGEBYLEX', K[1], max, '-', 'LIMIT', 0, tonumber(A[2]))
local records = {}
for i, member in ipairs(members) do
  if A[3] == 'order' then
    records[i] = orders.reply(member)
  elseif A[3] ~= '' then
    records[i] = redis.call('HGETALL', NS .. A[3] .. member)
  end
end
return ok(members, records)
