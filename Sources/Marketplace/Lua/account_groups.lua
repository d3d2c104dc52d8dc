-- Puts an account into a group, or takes it out; a new seller gets a slug.
-- A[1] user id   A[2] "add" or "remove"   A[3] group   A[4] wish for the slug   A[5] random suffix   A[6] offset of the
-- clock in ms
-- Reply ok(1 if anything changed, names and values of accounts.flat); refuse not_found, not_confirmed
-- Atomic, so that two changes at once don't lose one. An unconfirmed account is refused: whoever signs its address up
-- again takes it over, with its groups.
local record = accounts.get(A[1])
if not record then return refuse("not_found", "There is no such account.") end
local t = now + tonumber(A[6])
local has = accounts.belongs(record.groups, A[3]) ~= nil
if has == (A[2] == "add") then return ok(0, accounts.flat(record, t)) end
if A[2] == "add" then
  if record.confirmed ~= "1" then return refuse("not_confirmed", "The account has not confirmed its address.") end
  redis.call("HSET", keys.user(A[1]), "groups", record.groups .. " " .. A[3])
  if A[3] == "seller" then
    local wish = redis.call("HGET", keys.user(A[1]), "slug_base")
    accounts.name_seller(A[1], wish and wish ~= "" and wish or A[4], A[5])
  end
else
  local kept = {}
  for group in string.gmatch(record.groups, "%S+") do
    if group ~= A[3] then kept[#kept + 1] = group end
  end
  redis.call("HSET", keys.user(A[1]), "groups", table.concat(kept, " "))
end
return ok(1, accounts.flat(accounts.get(A[1]), t))
