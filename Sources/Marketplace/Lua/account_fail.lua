-- Counts a wrong password. From the fifth one the address is locked for 1, 2, 4 … seconds, 15 minutes at most.
-- A[1] hash of the address   A[2] offset of the clock in ms
-- Reply ok(ms that it is now locked for)
-- Atomic, so that guesses at once are each counted. A day without a wrong one forgets them all.
local t = now + tonumber(A[2])
local lock = keys.lock(A[1])
local failures = redis.call("HINCRBY", lock, "failures", 1)
local seconds = 0
if failures >= 5 then
  seconds = math.min(2 ^ math.min(failures - 5, 10), 900)
  redis.call("HSET", lock, "until", t + seconds * 1000)
end
redis.call("PEXPIRE", lock, 86400000)
return ok(seconds * 1000)
