-- Decides whether a request with a genuine token may have the file, and counts it.
-- A: 1 grant id, 2 entitlement id, 3 file id, 4 epoch, 5 expiry ms (2 to 5 from the token), 6 'spend' or 'check',
--    7 ms within which a file is free again, 8 ms to add to the clock, 9 trace id
-- Reply: ok(file (JSON), seller, user, product, remaining). Refuses entitlement_revoked, account_suspended, token_expired,
-- download_limit_reached.
-- Counted once per grant, whatever the range. Free: 'check' (HEAD, 304, 412, 416), a grant that was counted, and a grant
-- for a file whose last counted download is younger than the window. Atomic, so that the limit holds for requests at once.
local time = now + tonumber(A[8])
local e = entitlements.get(A[2])
if not e or e.status ~= 'active' or e.epoch ~= A[4] then return refuse('entitlement_revoked') end
if redis.call('HEXISTS', ckeys.user(e.user), 'suspended') == 1 then return refuse('account_suspended') end
if time >= tonumber(A[5]) then return refuse('token_expired') end
local grant = ckeys.grant(A[1])
local record = redis.call('HMGET', grant, 'ent', 'spent')
if record[1] ~= A[2] then return refuse('token_expired') end
local file = entitlements.file(e, A[3])
if not file then return refuse('entitlement_revoked') end
if not record[2] then
  local free = entitlements.free(e, A[3], tonumber(A[7]), time)
  if not free and entitlements.remaining(e) == 0 then return refuse('download_limit_reached') end
  if A[6] == 'spend' then
    redis.call('HSET', grant, 'spent', ckeys.int(time))
    entitlements.note(e.id, free and 'downloaded_free' or 'downloaded', A[9], file.filename, A[1])
    if not free then
      e.used = ckeys.int(redis.call('HINCRBY', ckeys.entitlement(e.id), 'used', 1))
      redis.call('HSET', ckeys.entitlement(e.id), 'spent:' .. A[3], ckeys.int(time))
    end
  end
end
return ok(cjson.encode(file), e.seller, e.user, e.product, entitlements.remaining(e))
