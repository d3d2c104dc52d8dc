-- A short-lived right to download one file of an entitlement; nothing is counted before it is used.
-- A: 1 entitlement id, 2 user, 3 file id, 4 grant id, 5 ms it lives or '' (by the file's size), 6 shortest ms, 7 longest
--    ms, 8 bytes per ms that a slow line carries, 9 ms within which a file is free again, 10 ms to add to the clock,
--    11 trace id
-- Reply: ok(epoch, expiry ms, file (JSON), remaining). Refuses not_found, entitlement_revoked, download_limit_reached.
local time = now + tonumber(A[10])
local e = entitlements.get(A[1])
if not e or e.user ~= A[2] then return refuse('not_found') end
local file = entitlements.file(e, A[3])
if not file then return refuse('not_found') end
if e.status ~= 'active' then return refuse('entitlement_revoked') end
if entitlements.remaining(e) == 0 and not entitlements.free(e, A[3], tonumber(A[9]), time) then
  return refuse('download_limit_reached')
end
local lifetime = tonumber(A[5]) or (tonumber(A[6]) + math.floor(tonumber(file.size) / tonumber(A[8])))
lifetime = math.min(lifetime, tonumber(A[7]))
local expires = ckeys.int(time + lifetime)
redis.call('HSET', ckeys.grant(A[4]), 'id', A[4], 'ent', e.id, 'file', A[3], 'epoch', e.epoch,
  'created', ckeys.int(time), 'expires', expires)
redis.call('PEXPIRE', ckeys.grant(A[4]), ckeys.int(lifetime + 86400000))
entitlements.note(e.id, 'granted', A[11], file.filename, A[4])
return ok(e.epoch, expires, cjson.encode(file), entitlements.remaining(e))
