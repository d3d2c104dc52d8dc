-- Signs an address up, and mails the code that confirms it.
-- A[1] address   A[2] id of the new user   A[3] name   A[4] groups   A[5] encoded password hash   A[6] wish for the slug
-- A[7] hash of the code   A[8] offset of the clock in ms   A[9] lifetime of the code in ms   A[10] ms between two mails
-- jobs[1] mail with the code   jobs[2] mail that says that there is an account already
-- Reply ok("new" | "again" | "recent" | "known"), which stays inside: the caller answers all of them the same.
-- Atomic, because of two sign-ups of one address at once there must be one account, and no account without its mail.
-- An account that was never confirmed takes the newest sign-up's password, but not within A[10] of the last one: whoever
-- signs up somebody else's address can't slip in between that person's sign-up and their reading of the mail.
local t, lifetime, interval = now + tonumber(A[8]), tonumber(A[9]), tonumber(A[10])
local id = redis.call("HGET", keys.emails(), A[1])
if id and redis.call("HGET", keys.user(id), "confirmed") == "1" then
  if codes.may_issue("known", id, t, interval) then
    codes.issue("known", id, "", t, lifetime)
    enqueue(jobs[2])
  end
  return ok("known")
end
if id and not codes.may_issue("confirm", id, t, interval) then return ok("recent") end
local user = keys.user(id or A[2])
redis.call("HSET", user, "name", A[3], "groups", A[4], "password", A[5], "slug_base", A[6])
if not id then
  redis.call("HSET", user, "id", A[2], "email", A[1], "confirmed", 0, "created", t, "slug", "")
  redis.call("HSET", keys.emails(), A[1], A[2])
  accounts.list(A[2], t)
end
codes.issue("confirm", id or A[2], A[7], t, lifetime)
enqueue(jobs[1])
return ok(id and "again" or "new")
