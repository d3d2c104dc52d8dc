-- page: a page of the jobs in a state, filtered here, so that payloads don't travel to be thrown away.
-- KEYS  anchor
-- ARGV  1 queue, 2 state, 3 most jobs, 4 most to look at, 5 cursor or '', then the filter, '' for what it leaves open:
--       6 type, 7 version, 8 minimum failures, 9 text in an error (lower case), 10 enqueued after ms, 11 before ms,
--       12 tag, 13 level, 14 cancelled (1, 0)
-- Reply: { now, looked at, cursor of the next page or '', then for each job
--          { id, its state's time or -1, envelope's header, history, result, progress ('' for what there is not) } }
-- Reads only, all at one moment; it costs what it looks at, wherever the page begins.
-- A cursor names the last that was looked at, not a number of jobs to skip:
--   '<part> <score> <member>' in a sorted set: what comes after it, whether it is still there or not
--   '<part> <passed> <epoch> <id>' in a list: ids leave it at its head, at most as many as epochs were given since (and
--   marks of deleted jobs), so the place is looked for from there; when it can't be found, jobs come twice, none is lost
local queue, state, most, scan = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local P = queue_key(queue, '')
local CHUNK = 50
-- Payloads are read with their headers; a page over large ones ends early.
local bytes, BYTES = 0, 8 * 1024 * 1024

local wanted = {}
for i, field in ipairs({ 'name', 'version', 'failures', 'text', 'after', 'before', 'tag', 'level', 'cancelled' }) do
  if ARGV[5 + i] ~= '' then wanted[field] = ARGV[5 + i] end
end
for _, field in ipairs({ 'failures', 'after', 'before' }) do wanted[field] = tonumber(wanted[field]) end
local reads_history = wanted.failures or wanted.text or wanted.cancelled

local function fits(header, text)
  local level, created, rest = string.match(header, '^(%d)%+? (%d+) %d+ (.*)$')
  if not level then return next(wanted) == nil end
  if wanted.level and level ~= wanted.level then return false end
  created = tonumber(created)
  if wanted.after and created < wanted.after or wanted.before and created >= wanted.before then return false end
  if wanted.name or wanted.version then
    local name, version = string.match(rest, '^(%S+) (%d+)')
    if wanted.name and name ~= wanted.name or wanted.version and version ~= wanted.version then return false end
  end
  if wanted.tag and not string.find(header .. ' ', ' g=' .. wanted.tag .. ' ', 1, true) then return false end
  if not reads_history then return true end
  local h = text and cjson.decode(text) or { f = 0, e = {} }
  if wanted.failures and h.f < wanted.failures then return false end
  local troubles = h.e
  if wanted.cancelled then
    local last = troubles[#troubles]
    if (last ~= nil and last.k == 'c') ~= (wanted.cancelled == '1') then return false end
  end
  if wanted.text then
    for _, one in ipairs(troubles) do
      if string.find(string.lower(one.m), wanted.text, 1, true) then return true end
    end
    return false
  end
  return true
end

-- Redis orders members by their bytes; Lua's < goes by the locale.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many members a set has up to a place, and whether that is taken. Of equal scores there may be millions.
local function members_up_to(key, score, member)
  if tonumber(redis.call('ZSCORE', key, member) or nil) == tonumber(score) then
    return redis.call('ZRANK', key, member) + 1, true
  end
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', key, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(member, redis.call('ZRANGE', key, middle, middle)[1]) then high = middle else low = middle + 1 end
  end
  return low, false
end

-- A part yields, from a place on, up to n entries { id, at, place after it }.
local function set_part(part, id_of, backwards)
  local key = P .. part
  local function start(place)
    local score, member = string.match(place, '^(%S+) (.*)$')
    if not score then error({ err = 'BADCURSOR ' .. place }) end
    local n, taken = members_up_to(key, score, member)
    return backwards and taken and n - 1 or n
  end
  -- Nothing moves while the script runs: after the first chunk the rank is known.
  local rank, ranked
  return function(place, n)
    if place == nil then
      rank = backwards and redis.call('ZCARD', key) or 0
    elseif place ~= ranked then
      rank = start(place)
    end
    local first, last = rank, rank + n - 1
    if backwards then
      first, last = math.max(0, rank - n), rank - 1
      if last < 0 then return {} end
    end
    local flat, entries = redis.call('ZRANGE', key, first, last, 'WITHSCORES'), {}
    for i = 1, #flat, 2 do
      entries[#entries + 1] = {
        id = id_of and id_of(flat[i]) or flat[i], at = flat[i + 1], place = flat[i + 1] .. ' ' .. flat[i],
      }
    end
    if backwards then
      for i = 1, math.floor(#entries / 2) do
        entries[i], entries[#entries + 1 - i] = entries[#entries + 1 - i], entries[i]
      end
    end
    if #entries > 0 then ranked = entries[#entries].place end
    rank = backwards and first or first + #entries
    return entries
  end
end

local function list_part(part)
  local key = P .. part
  local epoch = tonumber(redis.call('HGET', P .. 'meta', 'epoch') or 0)
  local function start(place)
    local passed, old_epoch, id = string.match(place, '^(%d+) (%d+) (.*)$')
    if not passed then error({ err = 'BADCURSOR ' .. place }) end
    passed = tonumber(passed)
    local low = math.max(0, passed - math.max(0, epoch - old_epoch) - 1)
    -- From 200 before (marks were taken too) to 1,000 after.
    local from = math.max(0, low - 200)
    local to = math.min(passed, low + 1000)
    local window = redis.call('LRANGE', key, -to, -(from + 1))
    for i, found in ipairs(window) do
      if found == id then return from + #window - i + 1 end
    end
    return low
  end
  local passed, at_place
  return function(place, n)
    if place == nil then passed = 0 elseif place ~= at_place then passed = start(place) end
    local ids, entries = redis.call('LRANGE', key, -(passed + n), -(passed + 1)), {}
    for i = #ids, 1, -1 do
      passed = passed + 1
      entries[#entries + 1] = { id = ids[i], at = -1, place = passed .. ' ' .. epoch .. ' ' .. ids[i] }
    end
    if #entries > 0 then at_place = entries[#entries].place end
    return entries
  end
end

local function leased(member) return string.match(member, '^(.*):%d+$') or member end
local function parked(member) return string.match(member, '^[^@]*@%d+:(.*)$') or member end
local parts = {
  waiting = { list_part('p0'), list_part('p1'), list_part('p2') },
  suspect = { list_part('suspect') },
  running = { set_part('lease', leased) },
  scheduled = { set_part('due') },
  parked = { set_part('parked', parked) },
  dead = { set_part('dead', nil, true) },
  completed = { set_part('done', nil, true), set_part('kept', nil, true) },
}
parts = parts[state]

local shown, looked = {}, 0
local at_part, place = 1, nil
if ARGV[5] ~= '' then
  local number, rest = string.match(ARGV[5], '^(%d) ?(.*)$')
  at_part, place = tonumber(number), rest ~= '' and rest or nil
end

local envelopes_key = P .. (state == 'dead' and 'morgue' or 'jobs')

local function show(entry, header, text)
  shown[#shown + 1] = {
    entry.id, entry.at, header, text or '',
    state == 'completed' and redis.call('HGET', P .. 'result', entry.id) or false,
    state == 'running' and redis.call('HGET', P .. 'prog', entry.id) or '',
  }
end

-- Whether an ended job is remembered by the other set too, whose page shows it.
local function comes_again(entry)
  if tonumber(entry.at) <= now then return true end
  return at_part == 2 and tonumber(redis.call('ZSCORE', P .. 'done', entry.id) or 0) > now
end

local function look_at(entries)
  local ids = {}
  for i, entry in ipairs(entries) do ids[i] = entry.id end
  local envelopes = state == 'completed' and {} or redis.call('HMGET', envelopes_key, unpack(ids))
  local texts = reads_history and redis.call('HMGET', P .. 'hist', unpack(ids))
  for i, entry in ipairs(entries) do
    looked, place = looked + 1, entry.place
    local envelope = envelopes[i]
    if state == 'completed' then
      if next(wanted) == nil and not comes_again(entry) then show(entry, '') end
    elseif envelope and envelope ~= '' then
      bytes = bytes + #envelope
      local header = string.match(envelope, '^[^\n]*')
      local text = texts and texts[i]
      if fits(header, text) then show(entry, header, text or not texts and redis.call('HGET', P .. 'hist', entry.id)) end
    end
    if #shown == most then return end
  end
end

local ended = false
while not ended and #shown < most and looked < scan and bytes < BYTES do
  local part = parts[at_part]
  if not part then
    ended = true
  else
    local n = math.min(CHUNK, scan - looked)
    if next(wanted) == nil then n = math.min(n, most - #shown) end
    local entries = part(place, n)
    if #entries == 0 then
      at_part, place = at_part + 1, nil
    else
      look_at(entries)
    end
  end
end
-- A full page at the very end has no next one.
while not ended and parts[at_part] and #parts[at_part](place, 1) == 0 do at_part, place = at_part + 1, nil end
if not parts[at_part] then ended = true end
return { now, looked, ended and '' or at_part .. (place and ' ' .. place or ''), unpack(shown) }
