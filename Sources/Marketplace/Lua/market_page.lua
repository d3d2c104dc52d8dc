-- One page of records that a sorted set lists, newest first.
-- K[1] ZSET id → score
-- A[1] what the keys of the records begin with (the ids complete it)   A[2] score of the last seen   A[3] id of the last
-- seen, "" from the front   A[4] how many
-- Reply ok(list of HGETALL, score of the last, id of the last, 1 if there are more)
-- One step, so that a page's ids and their records belong together. An id without a record is left out.
local count = tonumber(A[4])
local ids, scores = pages.after(K[1], true, A[2], A[3], count + 1)
local records = {}
for i = 1, math.min(#ids, count) do
  local record = redis.call("HGETALL", A[1] .. ids[i])
  if #record > 0 then records[#records + 1] = record end
end
local last = math.min(#ids, count)
return ok(records, scores[last] or "0", ids[last] or "", #ids > count and 1 or 0)
