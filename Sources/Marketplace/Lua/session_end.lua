-- Ends one session, or all of a user.
-- A[1] "one" or "all"   A[2] hash of the token, or user id
-- Reply ok(sessions ended)
-- One step: the session and its entry in the user's list go together.
if A[1] == "all" then return ok(sessions.end_all(A[2])) end
local user = redis.call("HGET", keys.session(A[2]), "user")
if not user then return ok(0) end
redis.call("DEL", keys.session(A[2]))
redis.call("ZREM", keys.sessions(user), A[2])
return ok(1)
