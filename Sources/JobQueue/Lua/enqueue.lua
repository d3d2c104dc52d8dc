-- enqueue: puts up to 1,000 jobs on their queues; refused when memory is full.
-- KEYS  anchor
-- ARGV  five for each job (put)
-- Reply: for each job 1, or 0 if its id lives or ended within its window, or the id that holds its lock.
-- Atomic: all jobs of the call or, on an error, none. Repeating it is harmless, because the ids are the producer's.
local list, at = {}, 1
while at <= #ARGV do list[#list + 1], at = read_job(at) end
local results, _, holders = enqueue_all(list)
for i = 1, #results do results[i] = results[i] and 1 or holders[i] or 0 end
return results
