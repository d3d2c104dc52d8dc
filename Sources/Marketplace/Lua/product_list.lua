-- One page of a seller's products, drafts included, newest first.
-- A[1] seller   A[2] score of the last seen   A[3] id of the last seen, "" from the front   A[4] how many
-- Reply ok(list of records, score of the last, id of the last, 1 if there are more)
local count = tonumber(A[4])
local ids, scores = pages.after(keys.products(A[1]), true, A[2], A[3], count + 1)
local records, sellers = {}, {}
local last = math.min(#ids, count)
for i = 1, last do records[i] = products.flat(ids[i], sellers) end
return ok(records, scores[last] or "0", ids[last] or "", #ids > count and 1 or 0)
