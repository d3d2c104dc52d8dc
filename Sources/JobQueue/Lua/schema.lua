-- schema: raises the version of the layout, and says what is still to be moved. Runs when memory is full.
-- KEYS  anchor
-- ARGV  1 version that the caller knows, 2 version whose step to the next the caller has finished, or 0
-- Reply: { version found or '', version whose step is to be done, or 0 }
-- Atomic: the number rises before anything is moved, so that workers of the old layout claim nothing more, and a step
-- that a crash interrupts is remembered in queue:migrating, so that the next process goes on with it.
local VERSION, MOVING = NS .. 'queue:schema', NS .. 'queue:migrating'
local known, finished = tonumber(ARGV[1]), ARGV[2]
local text = redis.call('GET', VERSION)
if not text then
  redis.call('SET', VERSION, known)
  return { tostring(known), 0 }
end
local found = tonumber(text)
if not found or found > known then return { text, 0 } end
if found < known then
  redis.call('SET', MOVING, found, 'NX')
  redis.call('SET', VERSION, known)
end
local moving = redis.call('GET', MOVING)
if moving and moving == finished then
  moving = tonumber(moving) + 1
  if moving < known then
    redis.call('SET', MOVING, moving)
  else
    redis.call('DEL', MOVING)
    moving = nil
  end
end
return { tostring(known), tonumber(moving or 0) }
