-- Orders with their payments, each as one snapshot. A: 1.. order ids (at most 100).
-- Reply: ok({{order fields, payment fields} or {} per id}).
local out = {}
for i = 1, #A do out[i] = orders.reply(A[i]) end
return ok(out)
