-- What a verified webhook says of an intent, applied to the order that its metadata names.
-- A: 1 event (succeeded, failed, requires_action, canceled), 2 order, 3 payment, 4 number, 5 intent, 6 amount,
--    7 currency, 8 decline code, 9 decline reason, 10 decline message, 11 action type, 12 action url, 13 the event's id, 14 trace id
-- jobs: 1 fulfil, 2 refund. Reply: ok(settled | late | declined | requires_action | ignored).
-- Safe to repeat and in any order: each transition checks the state it leaves. What changes nothing is noted as well,
-- but never at the cost of what did: not the same text twice in a row, and only in the first 150 lines of the story's 200.
local a = {
  order = A[2], payment = A[3], number = tonumber(A[4]), intent = A[5], amount = tonumber(A[6]), currency = A[7],
  code = A[8], reason = A[9], message = A[10], action_type = A[11], action_url = A[12],
  fulfil = jobs[1], refund = jobs[2], by = 'by event ' .. A[13], request = A[14],
}
local log = ckeys.order_log(A[2])
local before, steps = redis.call('LINDEX', log, -1), redis.call('LLEN', log)
local outcome = 'ignored'
if A[1] == 'succeeded' then
  outcome = orders.settle(a)
elseif A[1] == 'failed' or A[1] == 'canceled' then
  outcome = orders.decline(a)
elseif A[1] == 'requires_action' then
  outcome = orders.challenge(a)
end
-- The length alone would not tell: it stays, once the list is full.
local nothing = redis.call('LINDEX', log, -1) == before and redis.call('LLEN', log) == steps
if nothing and steps < 150 and redis.call('EXISTS', ckeys.order(A[2])) == 1 then
  local text = A[13] .. ' (' .. A[1] .. ') changed nothing'
  if not before or not string.find(before, cjson.encode(text), 1, true) then orders.note(A[2], 'event', A[14], text) end
end
return ok(outcome)
