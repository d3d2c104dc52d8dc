-- One page of the accounts that match, newest first.
-- A[1] score of the last looked at   A[2] id of the last, "" from the front   A[3] how many   A[4] how many may be looked at
-- A[5] group or ""   A[6] status or ""   A[7] offset of the clock in ms
-- Reply ok(list of accounts.flat, score of the last looked at, id of the last, 1 if there are more, how many were looked
-- at, accounts that are not on the list: of builds that had none)
-- Reads only. A filter is bounded by A[4], whatever it matches: Redis is never held up by a list of millions.
local wanted, most, t = tonumber(A[3]), tonumber(A[4]), now + tonumber(A[7])
local ids, scores = pages.after(keys.users(), true, A[1], A[2], most + 1)
local found, looked = {}, 0
for i = 1, math.min(#ids, most) do
  if #found == wanted then break end
  looked = i
  local record = accounts.get(ids[i])
  if record and (A[5] == "" or accounts.belongs(record.groups, A[5]))
    and (A[6] == "" or accounts.status(record) == A[6]) then
    found[#found + 1] = accounts.flat(record, t)
  end
end
local missing = redis.call("HLEN", keys.emails()) - redis.call("ZCARD", keys.users())
return ok(found, scores[looked] or "0", ids[looked] or "", #ids > looked and 1 or 0, looked, math.max(0, missing))
