-- Where the ledger ends and what its balances say, at one moment. Reply: ok(last entry id or '', entries, flat balances).
local last = redis.call('XREVRANGE', ckeys.ledger(), '+', '-', 'COUNT', 1)
return ok(last[1] and last[1][1] or '', redis.call('XLEN', ckeys.ledger()), redis.call('HGETALL', ckeys.balances()))
