-- page: a page of the jobs in a state, filtered here, so that payloads don't travel to be thrown away.
-- KEYS  anchor
-- ARGV  1 queue, 2 state, 3 most jobs, 4 most to look at, 5 cursor or '', then the filter, '' for what it leaves open:
--       6 type, 7 version, 8 minimum failures, 9 text in an error (lower case), 10 enqueued after ms, 11 before ms,
--       12 tag, 13 level, 14 cancelled (1, 0), 15 batch
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

local wanted, any = {}, false
for i, field in ipairs({ 'name', 'version', 'failures', 'text', 'after', 'before', 'tag', 'level', 'cancelled', 'batch' }) do
  if ARGV[5 + i] ~= '' then wanted[field], any = ARGV[5 + i], true end
end
for _, field in ipairs({ 'failures', 'after', 'before' }) do wanted[field] = tonumber(wanted[field]) end
local reads_history = wanted.failures or wanted.text or wanted.cancelled
local reads_time = wanted.after or wanted.before

-- One pattern for the header, so that what does not fit costs no new string.
local function plain(text) return text and string.gsub(text, '[^%w_]', '%%%0') end
local header_pattern = '^' .. (wanted.level or '%d') .. '%+? (%d+) %d+ ' .. (plain(wanted.name) or '%S+') .. ' '
  .. (wanted.version or '%d+') .. ' '
local tag_pattern = wanted.tag and '^[^\n]* g=' .. plain(wanted.tag) .. '[ \n]'
local batch_pattern = wanted.batch and '^[^\n]* b=' .. plain(wanted.batch) .. '[ \n]'

local function fits(envelope, text)
  local first, _, created = string.find(envelope, header_pattern)
  if not first then return false end
  if reads_time then
    created = tonumber(created)
    if wanted.after and created < wanted.after or wanted.before and created >= wanted.before then return false end
  end
  if tag_pattern and not string.find(envelope, tag_pattern) then return false end
  if batch_pattern and not string.find(envelope, batch_pattern) then return false end
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

-- A part yields, from a place on, up to n members in its order; it says what id a member has, its score, how many it
-- yielded last and the place after the i-th of them. Nothing moves while the script runs: after the first chunk the rank is known.
local function set_part(part, id_of, backwards)
  local key = P .. part
  local rank, given
  local self = { id_of = id_of }
  local function start(place)
    local score, member = string.match(place, '^(%S+) (.*)$')
    if not score then error({ err = 'BADCURSOR ' .. place }) end
    local n, taken = members_up_to(key, score, member)
    if not backwards then return n end
    return redis.call('ZCARD', key) - (taken and n - 1 or n)
  end
  function self.members(place, n)
    if place == nil then rank = 0 elseif place ~= true then rank = start(place) end
    if backwards then
      given = redis.call('ZRANGE', key, rank, rank + n - 1, 'REV')
    else
      given = redis.call('ZRANGE', key, rank, rank + n - 1)
    end
    rank = rank + #given
    return given
  end
  function self.count() return #given end
  function self.score(member) return redis.call('ZSCORE', key, member) end
  function self.place(i) return self.score(given[i]) .. ' ' .. given[i] end
  return self
end

local function list_part(part)
  local key = P .. part
  local epoch = tonumber(redis.call('HGET', P .. 'meta', 'epoch') or 0)
  local passed, before_given, given = 0, 0, nil
  local self = {}
  local function start(place)
    local old, old_epoch, id = string.match(place, '^(%d+) (%d+) (.*)$')
    if not old then error({ err = 'BADCURSOR ' .. place }) end
    old = tonumber(old)
    local low = math.max(0, old - math.max(0, epoch - old_epoch) - 1)
    -- From 200 before (marks were taken too) to 1,000 after.
    local from, to = math.max(0, low - 200), math.min(old, low + 1000)
    local window = redis.call('LRANGE', key, -to, -(from + 1))
    for i, found in ipairs(window) do
      if found == id then return from + #window - i + 1 end
    end
    return low
  end
  function self.members(place, n)
    if place == nil then passed = 0 elseif place ~= true then passed = start(place) end
    local ids = redis.call('LRANGE', key, -(passed + n), -(passed + 1))
    given = {}
    for i = #ids, 1, -1 do given[#ids + 1 - i] = ids[i] end
    before_given, passed = passed, passed + #ids
    return given
  end
  function self.count() return #given end
  function self.score() return -1 end
  function self.place(i) return before_given + i .. ' ' .. epoch .. ' ' .. given[i] end
  return self
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

local function show(id, score, header, text)
  shown[#shown + 1] = {
    id, score, header, text or redis.call('HGET', P .. 'hist', id) or '',
    state == 'completed' and redis.call('HGET', P .. 'result', id) or false,
    state == 'running' and redis.call('HGET', P .. 'prog', id) or '',
  }
end

-- An ended job's memory may be over, or the other set's page shows it.
local function is_remembered(id, score)
  if tonumber(score) <= now then return false end
  return at_part == 1 or tonumber(redis.call('ZSCORE', P .. 'done', id) or 0) <= now
end

-- Looks at a chunk; returns the index of the last that it looked at.
local function look_at(part, members)
  local ids = members
  if part.id_of then
    ids = {}
    for i, member in ipairs(members) do ids[i] = part.id_of(member) end
  end
  local envelopes = state == 'completed' and {} or redis.call('HMGET', envelopes_key, unpack(ids))
  local texts = reads_history and redis.call('HMGET', P .. 'hist', unpack(ids))
  for i, id in ipairs(ids) do
    local envelope = envelopes[i]
    if state == 'completed' then
      local score = not any and part.score(id)
      if score and is_remembered(id, score) then show(id, score, '', '') end
    elseif envelope and envelope ~= '' then
      bytes = bytes + #envelope
      local text = texts and texts[i]
      if not any or fits(envelope, text) then
        show(id, part.score(members[i]), string.match(envelope, '^[^\n]*'), text)
      end
    end
    if #shown == most then return i end
  end
  return #ids
end

-- While a script goes on in a part, `place` is true.
local last
while parts[at_part] and #shown < most and looked < scan and bytes < BYTES do
  local part = parts[at_part]
  local n = math.min(CHUNK, scan - looked)
  if not any then n = math.min(n, most - #shown) end
  local members = part.members(place, n)
  if #members == 0 then
    at_part, place, last = at_part + 1, nil, nil
  else
    last = look_at(part, members)
    looked, place = looked + last, true
  end
end
local cursor = ''
local part = parts[at_part]
if part then
  local here = last and part.place(last)
  -- A full page at the very end has no next one.
  local next_part, from = at_part, last and true
  local goes_on = last and last < part.count()
  while not goes_on and parts[next_part] do
    goes_on = #parts[next_part].members(from or nil, 1) > 0
    if not goes_on then next_part, from, here = next_part + 1, nil, nil end
  end
  if goes_on then cursor = next_part .. (here and ' ' .. here or '') end
end
return { now, looked, cursor, unpack(shown) }
