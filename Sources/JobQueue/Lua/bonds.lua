-- bonds: what ties a job to more than its queue, by the extras in its envelope: a unique lock, a batch, a timeline.
-- An envelope with extras begins with its level and '+'; without it the functions cost one byte's look.
--   P uniq           HASH digest -> id that holds the lock, of jobs unique while pending or until done; a holder without
--                    an envelope is no holder, so no lock can dangle
--   P uniq:<digest>  STRING id that holds the lock for a period: Redis itself forgets it when the period ends
--   NS batch:<id>    HASH, see batch.lua; kept 7 days after its end
--   NS tag:<tag>     STREAM of the events of tagged jobs: e event, q queue, i id, t type, d detail; the latest 500 or a
--                    few more, kept 30 days after the last
-- The callers have checked everything: nothing here can fail.
local TAG_EVENTS, TAG_KEPT, BATCH_KEPT = 500, 2592000000, 604800000

-- put defines it; a batch's callback needs it.
local enqueue

local function has_extras(envelope) return string.byte(envelope, 2) == 43 end

-- Reads the extras of a body (`lead` is '') or of an envelope; nil if its header has another form.
local function read_extras(text, lead)
  local type_name, rest = string.match(text, '^' .. lead .. '(%S+) %d+ %d+ %d+ %d+ %d+ %S+([^\n]*)\n')
  if not type_name then return nil end
  local x = { type = type_name }
  for letter, value in string.gmatch(rest, ' (%l)=(%S+)') do
    if letter == 'u' then
      x.mode, x.period, x.digest = string.match(value, '^([sdp])(%d*):(.+)$')
    elseif letter == 'b' then
      x.batch = value
    elseif letter == 'g' then
      x.tag = value
    end
  end
  return x
end

local function extras_of(envelope) return read_extras(envelope, '%d%+ %d+ %d+ ') or {} end

local function note(x, queue, id, event, detail)
  local key = NS .. 'tag:' .. x.tag
  redis.call(
    'XADD', key, 'MAXLEN', '~', TAG_EVENTS, '*', 'e', event, 'q', queue, 'i', id, 't', x.type, 'd',
    string.sub(detail or '', 1, 200))
  redis.call('PEXPIRE', key, TAG_KEPT)
end

-- Who holds the lock, if anyone. `coming` has the ids that get their envelopes in this call.
local function lock_holder(queue, digest, coming)
  local holder = redis.call('HGET', queue_key(queue, 'uniq'), digest)
  if holder and (coming[holder] or redis.call('HSTRLEN', queue_key(queue, 'jobs'), holder) > 0) then return holder end
  return redis.call('GET', queue_key(queue, 'uniq:') .. digest) or nil
end

local function lock(queue, x, id, period)
  if x.mode == 'p' then
    redis.call('SET', queue_key(queue, 'uniq:') .. x.digest, id, 'PX', period or x.period)
  else
    redis.call('HSET', queue_key(queue, 'uniq'), x.digest, id)
  end
end

local function holds(queue, x, id)
  if x.mode == 'p' then return redis.call('GET', queue_key(queue, 'uniq:') .. x.digest) == id end
  return redis.call('HGET', queue_key(queue, 'uniq'), x.digest) == id
end

local function unlock(queue, x, id)
  if not holds(queue, x, id) then return end
  if x.mode == 'p' then
    redis.call('DEL', queue_key(queue, 'uniq:') .. x.digest)
  else
    redis.call('HDEL', queue_key(queue, 'uniq'), x.digest)
  end
end

local function batch_key(batch) return NS .. 'batch:' .. batch end

-- An end of a batch that does not last: its key stays, and it is not swept.
local function batch_lasts(batch)
  redis.call('PERSIST', batch_key(batch))
  redis.call('ZREM', NS .. 'batches:ends', batch)
end

local function batch_passes(batch, ms)
  redis.call('PEXPIRE', batch_key(batch), ms)
  redis.call('ZADD', NS .. 'batches:ends', now + ms, batch)
end

-- Ends a sealed batch whose members have all ended, and enqueues the callbacks that never were.
local function batch_settle(batch)
  local key = batch_key(batch)
  local b = redis.call('HMGET', key, 'pending', 'sealed', 'finished', 'total', 'completed', 'on_success', 'on_complete')
  if b[1] ~= '0' or not b[2] or b[3] then return end
  redis.call('HSET', key, 'finished', now)
  batch_passes(batch, BATCH_KEPT)
  if b[6] and b[4] == b[5] then
    redis.call('HDEL', key, 'on_success')
    redis.call('HSET', key, 'succeeded', now)
    enqueue(cmsgpack.unpack(b[6]))
  end
  if b[7] then
    redis.call('HDEL', key, 'on_complete')
    enqueue(cmsgpack.unpack(b[7]))
  end
end

local function batch_counted(batch)
  local pending = redis.call('HGET', batch_key(batch), 'pending')
  return pending and tonumber(pending) > 0
end

local function batch_ended(batch, how)
  if not batch_counted(batch) then return end
  local key = batch_key(batch)
  redis.call('HINCRBY', key, how, 1)
  if redis.call('HINCRBY', key, 'pending', -1) == 0 then batch_settle(batch) end
end

-- At a claim: frees a lock that holds only while the job is pending.
local function bonds_started(queue, id, envelope, failures, lapses)
  if not has_extras(envelope) then return end
  local x = extras_of(envelope)
  if x.mode == 's' then unlock(queue, x, id) end
  if x.tag then note(x, queue, id, 'started', 'attempt ' .. (failures + lapses + 1)) end
end

-- At the final end of a live job, once: how is 'completed', 'dead', 'cancelled' or 'deleted'. The job has left `jobs`.
local function bonds_ended(queue, id, envelope, how)
  if not has_extras(envelope) then return end
  local x = extras_of(envelope)
  if x.mode and not (x.mode == 'p' and how == 'completed') then unlock(queue, x, id) end
  if x.tag then note(x, queue, id, how) end
  if x.batch then batch_ended(x.batch, how) end
end

-- A dead job is to live again: returns a code and the holder's id if it must not, else takes its bonds up again. Called
-- last of the checks, before the first write.
local function bonds_revived(queue, id, envelope)
  if not has_extras(envelope) then return nil end
  local x = extras_of(envelope)
  if x.mode then
    local holder = lock_holder(queue, x.digest, {})
    if holder and holder ~= id then return 'unique_held', holder end
    lock(queue, x, id)
  end
  if x.batch and redis.call('EXISTS', batch_key(x.batch)) == 1 then
    local key, how = batch_key(x.batch), 'dead'
    local text = redis.call('HGET', queue_key(queue, 'hist'), id)
    if text then
      local troubles = cjson.decode(text).e
      if #troubles > 0 and troubles[#troubles].k == 'c' then how = 'cancelled' end
    end
    redis.call('HINCRBY', key, how, -1)
    redis.call('HINCRBY', key, 'pending', 1)
    if redis.call('HDEL', key, 'finished') == 1 then batch_lasts(x.batch) end
  end
  if x.tag then note(x, queue, id, 'revived') end
  return nil
end

-- Something happened that is no end: event is 'failed', 'lapsed', 'released', 'parked', 'progress'.
local function bonds_noted(queue, id, envelope, event, detail)
  if not has_extras(envelope) then return end
  local x = extras_of(envelope)
  if x.tag then note(x, queue, id, event, detail) end
end

-- A live job goes to another queue: returns a code and the holder's id if its lock is held there, else moves the lock.
-- Called last of the checks, before the first write.
local function bonds_moved(queue, target, id, envelope)
  if not has_extras(envelope) then return nil end
  local x = extras_of(envelope)
  if x.mode and holds(queue, x, id) then
    local holder = lock_holder(target, x.digest, {})
    if holder and holder ~= id then return 'unique_held', holder end
    local period = x.mode == 'p' and math.max(1, redis.call('PTTL', queue_key(queue, 'uniq:') .. x.digest))
    unlock(queue, x, id)
    lock(target, x, id, period)
  end
  if x.tag then note(x, queue, id, 'moved', target) end
  return nil
end
