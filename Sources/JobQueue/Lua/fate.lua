-- fate: what becomes of jobs that end, fail, lapse or go back; shared by the scripts that settle claims.
local DEAD_CAP, DONE_CAP = 10000, 100000

local function wake(queue) redis.call('ZADD', queue_key(queue, 'wake'), 0, 'w') end

local function history(text)
  if not text then return { f = 0, l = 0, e = {} } end
  return cjson.decode(text)
end

local function trouble(h, kind, message)
  local e = h.e
  e[#e + 1] = { t = now, k = kind, m = message }
  while #e > 10 do table.remove(e, 1) end
  return cjson.encode(h)
end

-- Moves a job to the dead letters, which are bounded: the oldest go first. Its id is in no other place by now.
local function bury(queue, id, envelope)
  redis.call('HSET', queue_key(queue, 'morgue'), id, envelope)
  redis.call('ZADD', queue_key(queue, 'dead'), now, id)
  redis.call('HDEL', queue_key(queue, 'jobs'), id)
  count(queue, 'dead', 1)
  local over = redis.call('ZCARD', queue_key(queue, 'dead')) - DEAD_CAP
  if over > 0 then
    local popped, ids = redis.call('ZPOPMIN', queue_key(queue, 'dead'), math.min(over, 100)), {}
    for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
    redis.call('HDEL', queue_key(queue, 'morgue'), unpack(ids))
    redis.call('HDEL', queue_key(queue, 'hist'), unpack(ids))
  end
end

-- Takes up to `n` members from a set by time: those whose time is over, and the earliest beyond the cap.
local function take_old(key, n)
  local ids = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, n)
  if #ids > 0 then redis.call('ZREM', key, unpack(ids)) end
  local over = redis.call('ZCARD', key) - DONE_CAP
  if over > 0 and #ids < n then
    local popped = redis.call('ZPOPMIN', key, math.min(over, n - #ids))
    for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
  end
  return ids
end

-- Forgets ended jobs and results, at most `n` of each, so that no call pays for all; returns the larger number.
local function sweep(queue, n)
  local done = take_old(queue_key(queue, 'done'), n)
  local kept = take_old(queue_key(queue, 'kept'), n)
  if #kept > 0 then redis.call('HDEL', queue_key(queue, 'result'), unpack(kept)) end
  return math.max(#done, #kept)
end

-- Puts ids back by the level in their envelopes; who lapsed before runs alone. `side` is LPUSH (tail) or RPUSH (head).
local function return_to_lists(queue, ids, envelopes, side)
  local hist = redis.call('HMGET', queue_key(queue, 'hist'), unpack(ids))
  local lists = {}
  for i, id in ipairs(ids) do
    local envelope = envelopes[i]
    if envelope and envelope ~= '' then
      local part = 'p' .. string.sub(envelope, 1, 1)
      if hist[i] and history(hist[i]).l > 0 then part = 'suspect' end
      lists[part] = lists[part] or {}
      table.insert(lists[part], id)
    else
      redis.call('HDEL', queue_key(queue, 'jobs'), id)
    end
  end
  for part, list in pairs(lists) do redis.call(side, queue_key(queue, part), unpack(list)) end
end

local function promote(queue)
  local ids = redis.call('ZRANGE', queue_key(queue, 'due'), '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
  if #ids == 0 then return 0 end
  local envelopes = redis.call('HMGET', queue_key(queue, 'jobs'), unpack(ids))
  redis.call('ZREM', queue_key(queue, 'due'), unpack(ids))
  return_to_lists(queue, ids, envelopes, 'LPUSH')
  return #ids
end

-- A lapse counts here, not at the claim: only who really lost a lease is blamed.
local function reap(queue)
  local members = redis.call('ZRANGE', queue_key(queue, 'lease'), '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
  if #members == 0 then return 0 end
  local ids = {}
  for i, member in ipairs(members) do ids[i] = string.match(member, '^(.*):%d+$') end
  local envelopes = redis.call('HMGET', queue_key(queue, 'jobs'), unpack(ids))
  local hist = redis.call('HMGET', queue_key(queue, 'hist'), unpack(ids))
  redis.call('ZREM', queue_key(queue, 'lease'), unpack(members))
  local suspects = {}
  for i, id in ipairs(ids) do
    local envelope = envelopes[i]
    if envelope and envelope ~= '' then
      local h = history(hist[i])
      h.l = h.l + 1
      local text = trouble(h, 'l', 'the lease ran out: the worker died or froze')
      redis.call('HSET', queue_key(queue, 'hist'), id, text)
      local limit = tonumber(string.match(envelope, '^%d%+? %d+ %d+ %S+ %d+ %d+ (%d+) ')) or 1
      if h.l >= limit then
        bury(queue, id, envelope)
      else
        suspects[#suspects + 1] = id
      end
    else
      redis.call('HDEL', queue_key(queue, 'jobs'), id)
      redis.call('HDEL', queue_key(queue, 'hist'), id)
    end
  end
  if #suspects > 0 then redis.call('LPUSH', queue_key(queue, 'suspect'), unpack(suspects)) end
  count(queue, 'lapsed', #ids)
  return #suspects
end
