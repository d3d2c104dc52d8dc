-- Deletes an upload that no product needs.
-- A[1] id   A[2] owner, or "" for the sweeper, which takes only what is still pending   A[3] offset of the clock in ms
-- jobs: delete its objects
-- Reply ok(1 if it was deleted, else 0); refuse not_found, upload_in_use, upload_quarantined
-- Atomic with the jobs, so that an object without a record is always on its way out.
local key = keys.upload(A[1])
local found = redis.call("HMGET", key, "owner", "state", "uses", "pinned")
if A[2] == "" then
  if found[2] ~= "pending" then return ok(0) end
elseif found[1] ~= A[2] then
  return refuse("not_found", "There is no such upload.")
elseif found[2] == "quarantined" then
  return refuse("upload_quarantined", "This file is quarantined. Only the people who run this shop can remove it.")
elseif tonumber(found[3]) > 0 or found[4] == "1" then
  return refuse("upload_in_use", "A product has this file, or had it when it was on sale: its buyers may still need it.")
end
uploads.remove(A[1], found[1])
enqueue_all(jobs)
return ok(1)
