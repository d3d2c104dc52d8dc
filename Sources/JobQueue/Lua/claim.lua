-- claim: what a worker runs next; the second part of turn.
-- `meta` is read once a turn, in this order.
local META_FIELDS = { 'paused', 'limit', 'rate', 'rate_ms', 'burst', 'tokens', 'tokens_at', 'ticket', 'lease', 'lease_at',
  'cancels' }
local paused, limit, rate, rate_ms, burst, tokens, ticket

local function read_meta()
  local m = redis.call('HMGET', META, unpack(META_FIELDS))
  paused, limit, rate, rate_ms = m[1], tonumber(m[2]), tonumber(m[3]), tonumber(m[4]) or 1000
  cancels, ticket = tonumber(m[11]) or 0, m[8]
  if rate then
    burst = tonumber(m[5]) or rate
    local kept, at = tonumber(m[6]), tonumber(m[7]) or now
    -- A bucket begins full; a clock that was set back must not stop it until it has caught up.
    if at > now then redis.call('HSET', META, 'tokens_at', now) end
    tokens = kept and math.min(burst, kept + math.max(0, now - at) * rate / rate_ms) or burst
  end
  return tonumber(m[9]), tonumber(m[10])
end

-- The time after which an idle worker looks in any case: the shortest lease that anybody lately claimed with, because
-- whoever looks that often sees every lease before it ends. `known` is what this worker went by; a change is passed on
-- from one blocked worker to the next.
local function look_interval(shortest, at, known)
  if shortest and now - (at or 0) > 600000 then shortest = nil end
  local is_lower = shortest and lease_ms < shortest
  if not shortest or is_lower or (lease_ms == shortest and now - (at or 0) > 60000) then
    shortest = lease_ms
    redis.call('HSET', META, 'lease', shortest, 'lease_at', now)
  end
  if is_lower or (known > 0 and known ~= shortest) then wake(queue) end
  return shortest
end

local ids, popped = {}, 0
-- How long the oldest that is claimed for the first time waited, in ms.
local waited = -1
local function take(part, n)
  local list = redis.call('RPOP', P .. part, n)
  if not list then return 0 end
  popped = popped + #list
  if #ids == 0 then
    ids = list
  else
    for _, id in ipairs(list) do ids[#ids + 1] = id end
  end
  return #list
end

-- Leaves out what was deleted while it lay in a list. Its history went with the deletion; a cancelled one still shows it
-- among the dead.
local function drop_deleted()
  local envelopes, gone = redis.call('HMGET', JOBS, unpack(ids)), {}
  for i, id in ipairs(ids) do
    if not envelopes[i] or envelopes[i] == '' then gone[#gone + 1] = id end
  end
  if #gone == 0 then return envelopes end
  redis.call('HDEL', JOBS, unpack(gone))
  local kept, rest = {}, {}
  for i, id in ipairs(ids) do
    if envelopes[i] and envelopes[i] ~= '' then kept[#kept + 1], rest[#rest + 1] = id, envelopes[i] end
  end
  ids = kept
  return rest
end

-- Up to 128 members a sorted set is a list that every command scans, several microseconds for each member of a batch.
-- A member of more than 64 bytes turns it into a skip list, and it stays one until it is empty.
local LONG_MEMBER = string.rep('.', 65)

local function lease_members(leases)
  local is_list = #leases >= 32 and redis.call('OBJECT', 'ENCODING', LEASE) ~= 'skiplist'
  if is_list then redis.call('ZADD', LEASE, 0, LONG_MEMBER) end
  redis.call('ZADD', LEASE, unpack(leases))
  if is_list then redis.call('ZREM', LEASE, LONG_MEMBER) end
end

-- `id:epoch`, with the last two digits from a table: printing a number takes longer than all the rest of a claim.
local DIGITS = { [0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' }
local hundreds, hundreds_text

local function member_of(id, epoch)
  local h = math.floor(epoch / 100)
  if h == 0 then return id .. ':' .. epoch end
  if h ~= hundreds then hundreds, hundreds_text = h, ':' .. string.format('%d', h) end
  local rest = epoch - 100 * h
  local tens = math.floor(rest / 10)
  return id .. hundreds_text .. DIGITS[tens] .. DIGITS[rest - 10 * tens]
end

-- Leases what was taken; returns the claims (turn) and their members.
local function lease(envelopes)
  local epoch = redis.call('HINCRBY', META, 'epoch', #ids) - #ids
  local hist = redis.call('EXISTS', HIST) == 1 and redis.call('HMGET', HIST, unpack(ids)) or {}
  local leased, leases, troubles, sampled = {}, {}, {}, false
  local byte = string.byte
  -- One text for all: a number would be printed anew for each.
  local expiry = string.format('%d', now + lease_ms)
  for i, id in ipairs(ids) do
    local envelope, f, l = envelopes[i], 0, 0
    if hist[i] then
      local h = history(hist[i])
      f, l = h.f, h.l
      local n = #troubles
      troubles[n + 1], troubles[n + 2], troubles[n + 3] = i, f, l
    elseif not sampled then
      -- The first is the oldest; of one that was tried before, the wait says nothing.
      sampled = true
      local created, delay = string.match(envelope, '^%d%+? (%d+) (%d+) ')
      if created then
        waited = math.max(0, now - created - delay)
        count(queue, 'waited', 1)
        if waited > 0 then count(queue, 'wait_ms', waited) end
      end
    end
    local member = member_of(id, epoch + i)
    leased[i] = member
    leases[2 * i - 1] = expiry
    leases[2 * i] = member
    -- has_extras, without the call
    if byte(envelope, 2) == 43 then bonds_started(queue, id, envelope, f, l) end
  end
  lease_members(leases)
  if rate then
    tokens = tokens - #ids
    redis.call('HSET', META, 'tokens', string.format('%.6f', tokens), 'tokens_at', now)
  end
  return { epoch + 1, ids, envelopes, troubles }, leased
end

local function is_waiting()
  for level = 0, 2 do
    if redis.call('LLEN', P .. 'p' .. level) > 0 then return true end
  end
  return false
end

-- Jobs wait for a token: one worker that has places promises to look when it comes (`ticket`: ms and worker), the
-- others a second later, in case it is gone by then. Returns the ms until this one looks, or nothing.
local function await_token(has_places)
  local wait = math.ceil((1 - tokens) * rate_ms / rate)
  -- Where tokens come fast, several at once: a turn for each would cost more than a small job.
  wait = math.max(1, wait, math.min(10, math.ceil((burst - tokens) * rate_ms / rate)))
  local at, holder = string.match(ticket or '', '^(%d+) (.*)$')
  at = tonumber(at or 0)
  local is_promised = at > now and holder ~= worker
  if has_places then
    if is_promised then return at - now + 1000 end
    redis.call('HSET', META, 'ticket', (now + wait) .. ' ' .. worker)
    return wait
  end
  if not is_promised then
    if holder == worker then redis.call('HDEL', META, 'ticket') end
    wake(queue)
  end
  return nil
end

-- What an idle process asks first, because the answer is mostly no.
local function is_empty()
  return redis.call('EXISTS', P .. 'p0', P .. 'p1', P .. 'p2', P .. 'suspect') == 0
end

-- Claims at most `want` jobs, of a limited queue at most `free` and what its limits leave over all workers.
-- Returns the claims (turn), their members, solo, whether more can be claimed now, and the ms until a token.
local function claim(want, free, idle, lapsed)
  local is_limited = limit or rate
  local left = math.huge
  if limit then left = limit - redis.call('ZCARD', LEASE) end
  if rate then left = math.min(left, math.floor(tokens)) end
  local n = is_limited and math.min(free, left) or want
  local claims, leased, solo, suspects = { 0, {}, {}, {} }, {}, 0, 0
  if n > 0 then
    suspects = redis.call('LLEN', P .. 'suspect')
    if suspects > 0 and idle then
      take('suspect', 1)
      solo = 1
    elseif suspects > 0 and redis.call('SET', P .. 'solo', worker, 'NX', 'PX', lease_ms) then
      solo = 2
    end
    if solo == 0 then
      local places = n
      for level = 0, 2 do
        if places > 0 then places = places - take('p' .. level, places) end
      end
    end
    if #ids > 0 then
      local envelopes = drop_deleted()
      if #ids > 0 then claims, leased = lease(envelopes) end
    end
    if solo == 1 then redis.call('DEL', P .. 'solo') end
  end
  -- Who finds more than it may take wakes the next: a chain and no herd. A limited queue is looked at by everybody who
  -- ends a job of it, so that a place that nobody else took wakes a blocked worker.
  left = left - #ids
  local rest = left > 0 and ((solo == 1 and suspects > 1) or (solo == 0 and suspects > 0 and lapsed > 0))
  local token_ms
  if not rest and (is_limited or solo ~= 0 or (n > 0 and popped == n)) then
    local waits = is_waiting()
    if left > 0 then
      -- A place that a suspect can have, and nobody asked for: an idle process shall look.
      rest = waits or (want == 0 and redis.call('LLEN', P .. 'suspect') > 0)
    elseif rate and tokens < 1 and (not limit or limit > redis.call('ZCARD', LEASE)) then
      if waits or redis.call('LLEN', P .. 'suspect') > 0 then token_ms = await_token(free > #ids) end
    end
  end
  if rest then wake(queue) end
  return claims, leased, solo, rest, token_ms
end
