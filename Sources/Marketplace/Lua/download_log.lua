-- A transfer that ended, whole or not: in the log of all downloads, and in what operators read of the entitlement.
-- K: 1 the log. A: 1 entries that it keeps, 2 grant, 3 entitlement, 4 product, 5 file, 6 bytes, 7 '1' for whole, 8 address
-- prefix, 9 user agent, 10 trace id. Reply: ok().
redis.call('XADD', K[1], 'MAXLEN', '~', A[1], '*', 'grant', A[2], 'entitlement', A[3], 'product', A[4], 'file', A[5],
  'bytes', A[6], 'completed', A[7], 'address', A[8], 'agent', A[9])
if redis.call('EXISTS', ckeys.entitlement(A[3])) == 1 then
  entitlements.note(A[3], A[7] == '1' and 'sent' or 'broken_off', A[10], A[6] .. ' bytes to ' .. A[8], A[2])
end
return ok()
