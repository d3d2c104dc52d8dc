-- domain: the callers' keys and arguments of a domain script.
-- KEYS  anchor, the caller's keys...
-- ARGV  number of the caller's arguments, these, number of jobs, five for each
local K, A, jobs = {}, {}, {}
for i = 2, #KEYS do K[i - 1] = KEYS[i] end
do
  local n = tonumber(ARGV[1])
  for i = 1, n do A[i] = ARGV[i + 1] end
  local at = n + 3
  for i = 1, tonumber(ARGV[n + 2]) do jobs[i], at = read_job(at) end
end
