-- What a verified webhook says of an intent, applied to the order that its metadata names.
-- A: 1 event (succeeded, failed, requires_action, canceled), 2 order, 3 payment, 4 number, 5 intent, 6 amount,
--    7 currency, 8 decline code, 9 decline reason, 10 decline message, 11 action type, 12 action url
-- jobs: 1 fulfil, 2 refund. Reply: ok(settled | late | declined | requires_action | ignored).
-- Safe to repeat and in any order: each transition checks the state it leaves.
local a = {
  order = A[2], payment = A[3], number = tonumber(A[4]), intent = A[5], amount = tonumber(A[6]), currency = A[7],
  code = A[8], reason = A[9], message = A[10], action_type = A[11], action_url = A[12],
  fulfil = jobs[1], refund = jobs[2],
}
if A[1] == 'succeeded' then return ok(orders.settle(a)) end
if A[1] == 'failed' or A[1] == 'canceled' then return ok(orders.decline(a)) end
if A[1] == 'requires_action' then return ok(orders.challenge(a)) end
return ok('ignored')
