-- empty: deletes some jobs of a state, those that would be claimed or forgotten first.
-- KEYS  anchor
-- ARGV  1 queue, 2 state (not running: those are killed one by one), 3 how many at most, up to 1000
-- Reply: { how many were taken, how many are left }
-- Atomic: what is taken out of its place is deleted and its bonds are ended. An id whose mark lies in a list was deleted
-- before; it leaves the list.
local queue, state, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local P = queue_key(queue, '')

local function drop_live(ids)
  local envelopes = redis.call('HMGET', P .. 'jobs', unpack(ids))
  local live = {}
  for i, id in ipairs(ids) do
    if envelopes[i] and envelopes[i] ~= '' then live[#live + 1] = id end
  end
  redis.call('HDEL', P .. 'jobs', unpack(ids))
  if #live > 0 then
    redis.call('HDEL', P .. 'hist', unpack(live))
    redis.call('HDEL', P .. 'prog', unpack(live))
  end
  for i, id in ipairs(ids) do
    local envelope = envelopes[i]
    if envelope and envelope ~= '' and has_extras(envelope) then bonds_ended(queue, id, envelope, 'deleted') end
  end
end

local function pop_set(part)
  local popped, ids = redis.call('ZPOPMIN', P .. part, most), {}
  for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
  return ids, redis.call('ZCARD', P .. part)
end

local states = {}

local function empty_lists(parts)
  local left = 0
  local taken = 0
  for _, part in ipairs(parts) do
    local ids = taken < most and redis.call('RPOP', P .. part, most - taken)
    if ids then
      taken = taken + #ids
      drop_live(ids)
    end
    left = left + redis.call('LLEN', P .. part)
  end
  return { taken, left }
end

function states.waiting() return empty_lists({ 'p0', 'p1', 'p2' }) end

function states.suspect() return empty_lists({ 'suspect' }) end

function states.scheduled()
  local ids, left = pop_set('due')
  if #ids > 0 then drop_live(ids) end
  return { #ids, left }
end

function states.parked()
  local members, left = pop_set('parked')
  local ids = {}
  for i, member in ipairs(members) do ids[i] = string.match(member, '^[^@]*@%d+:(.*)$') or member end
  if #ids > 0 then drop_live(ids) end
  return { #ids, left }
end

function states.dead()
  local ids, left = pop_set('dead')
  if #ids > 0 then
    redis.call('HDEL', P .. 'morgue', unpack(ids))
    redis.call('HDEL', P .. 'hist', unpack(ids))
  end
  return { #ids, left }
end

function states.completed()
  local done, done_left = pop_set('done')
  local kept, kept_left = pop_set('kept')
  for _, ids in ipairs({ done, kept }) do
    if #ids > 0 then redis.call('HDEL', P .. 'result', unpack(ids)) end
  end
  return { math.max(#done, #kept), math.max(done_left, kept_left) }
end

return states[state]()
