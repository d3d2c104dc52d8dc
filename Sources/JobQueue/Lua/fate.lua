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

-- The only way to the dead letters: how is 'dead' or 'cancelled'. They are bounded, the oldest go first. The id is in no
-- other place by now.
local function bury(queue, id, envelope, how)
  redis.call('HSET', queue_key(queue, 'morgue'), id, envelope)
  redis.call('ZADD', queue_key(queue, 'dead'), now, id)
  redis.call('HDEL', queue_key(queue, 'jobs'), id)
  redis.call('HDEL', queue_key(queue, 'prog'), id)
  count(queue, how, 1)
  local over = redis.call('ZCARD', queue_key(queue, 'dead')) - DEAD_CAP
  if over > 0 then
    local popped, ids = redis.call('ZPOPMIN', queue_key(queue, 'dead'), math.min(over, 100)), {}
    for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
    redis.call('HDEL', queue_key(queue, 'morgue'), unpack(ids))
    redis.call('HDEL', queue_key(queue, 'hist'), unpack(ids))
  end
  if has_extras(envelope) then bonds_ended(queue, id, envelope, how) end
end

-- Takes the request to cancel a running job away; returns its reason, or nothing if there is none.
local function take_request(queue, id)
  local reason = redis.call('HGET', queue_key(queue, 'cancel'), id)
  if not reason then return nil end
  redis.call('HDEL', queue_key(queue, 'cancel'), id)
  redis.call('HINCRBY', queue_key(queue, 'meta'), 'cancels', -1)
  return reason
end

local function end_cancelled(queue, id, envelope, h, reason)
  local text = trouble(h, 'c', reason == '' and 'cancelled' or 'cancelled: ' .. reason)
  redis.call('HSET', queue_key(queue, 'hist'), id, text)
  bury(queue, id, envelope, 'cancelled')
end

-- How many members of a set by time go, at most `n`: those whose time is over, and the earliest beyond the cap. They are
-- its first, so that their rank says which, and none has to be read.
local function count_old(key, n, has_grown)
  local old = math.min(n, redis.call('ZCOUNT', key, '-inf', now))
  if has_grown then old = math.max(old, math.min(n, redis.call('ZCARD', key) - DONE_CAP)) end
  return old
end

-- Forgets ended jobs and results, at most `n` of each, so that no call pays for all; returns the larger number.
local function sweep(queue, n, has_grown)
  local done, kept = queue_key(queue, 'done'), queue_key(queue, 'kept')
  local old = count_old(done, n, has_grown)
  if old > 0 then redis.call('ZREMRANGEBYRANK', done, 0, old - 1) end
  local results = count_old(kept, n, has_grown)
  if results > 0 then
    redis.call('HDEL', queue_key(queue, 'result'), unpack(redis.call('ZRANGE', kept, 0, results - 1)))
    redis.call('ZREMRANGEBYRANK', kept, 0, results - 1)
  end
  return math.max(old, results)
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

-- The earliest time in a set, or infinity.
local function earliest(key) return tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]) or math.huge end

-- Puts what is due into its list, at most 100; returns how many, and when the next is due.
local function promote(queue)
  local key = queue_key(queue, 'due')
  local at = earliest(key)
  if at > now then return 0, at, 0 end
  local ids = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
  local envelopes = redis.call('HMGET', queue_key(queue, 'jobs'), unpack(ids))
  redis.call('ZREM', key, unpack(ids))
  return_to_lists(queue, ids, envelopes, 'LPUSH')
  return #ids, earliest(key)
end

-- Ends what lapsed, at most 100 leases; returns how many jobs are suspects by it, and when the next lease ends. A lapse
-- counts here, not at the claim: only who really lost a lease is blamed. `cancels` is how many requests there are.
local function reap(queue, cancels)
  local key, jobs, hists = queue_key(queue, 'lease'), queue_key(queue, 'jobs'), queue_key(queue, 'hist')
  local at = earliest(key)
  if at > now then return 0, at, 0 end
  local members = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
  local ids = {}
  for i, member in ipairs(members) do ids[i] = string.match(member, '^(.*):%d+$') end
  local envelopes = redis.call('HMGET', jobs, unpack(ids))
  local hist = redis.call('HMGET', hists, unpack(ids))
  redis.call('ZREM', key, unpack(members))
  local suspects = {}
  for i, id in ipairs(ids) do
    local envelope = envelopes[i]
    local reason = cancels > 0 and take_request(queue, id)
    if envelope and envelope ~= '' then
      local h = history(hist[i])
      h.l = h.l + 1
      redis.call('HSET', hists, id, trouble(h, 'l', 'the lease ran out: the worker died or froze'))
      if has_extras(envelope) then bonds_noted(queue, id, envelope, 'lapsed', '') end
      local limit = tonumber(string.match(envelope, '^%d%+? %d+ %d+ %S+ %d+ %d+ (%d+) ')) or 1
      if reason then
        end_cancelled(queue, id, envelope, h, reason)
      elseif h.l >= limit then
        bury(queue, id, envelope, 'dead')
      else
        suspects[#suspects + 1] = id
      end
    else
      redis.call('HDEL', jobs, id)
    end
  end
  if #suspects > 0 then redis.call('LPUSH', queue_key(queue, 'suspect'), unpack(suspects)) end
  count(queue, 'lapsed', #ids)
  -- What the lost attempts reported is of no worth for the next.
  redis.call('HDEL', queue_key(queue, 'prog'), unpack(ids))
  return #suspects, earliest(key), #ids
end
