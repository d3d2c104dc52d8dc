-- Fragment `ledger` (requires ckeys): double entry. One stream entry is one transaction; its lines sum to zero.
-- Sign: what the installation holds is positive (account `provider`), what it owes or has earned is negative
-- (`seller:<id>`, `platform:fees`, `refunds:due`). Balances are kept beside it, so that verification can compare.
local M = {}

-- post{ kind, order, payment, intent, currency, lines = {{account, amount, what, item}} } → the stream entry's id. Never fails.
function M.post(t)
  local lines = {}
  for i, line in ipairs(t.lines) do
    redis.call('HINCRBY', ckeys.balances(), line[1] .. '|' .. t.currency, ckeys.int(line[2]))
    if line[1] == 'provider' then
      ckeys.count(line[2] < 0 and 'refunded' or 'captured', t.currency, math.abs(line[2]))
    elseif line[1] == 'platform:fees' then
      ckeys.count('fees', t.currency, -line[2])
    end
    lines[i] = { account = line[1], amount = ckeys.int(line[2]), what = line[3], item = line[4] }
  end
  return redis.call('XADD', ckeys.ledger(), '*', 'kind', t.kind, 'order', t.order, 'payment', t.payment,
    'intent', t.intent, 'currency', t.currency, 'at', ckeys.int(now), 'lines', cjson.encode(lines))
end

return M
