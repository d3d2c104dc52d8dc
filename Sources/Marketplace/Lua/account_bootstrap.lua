-- Makes the installation's first admin, once.
-- A[1] id of the new user   A[2] address   A[3] name   A[4] encoded password hash   A[5] offset of the clock in ms
-- Reply ok("made" | "exists"); refuse email_taken
-- Atomic, so that of many processes that start together one makes it, and only its password is printed.
if redis.call("EXISTS", keys.admin()) == 1 then return ok("exists") end
if redis.call("HEXISTS", keys.emails(), A[2]) == 1 then
  return refuse("email_taken", "The admin's address has an account already.")
end
redis.call("HSET", keys.user(A[1]), "id", A[1], "email", A[2], "name", A[3], "groups", "buyer admin",
  "password", A[4], "confirmed", 1, "created", now + tonumber(A[5]), "slug", "", "slug_base", "")
redis.call("HSET", keys.emails(), A[2], A[1])
accounts.list(A[1], now + tonumber(A[5]))
redis.call("SET", keys.admin(), A[1])
return ok("made")
