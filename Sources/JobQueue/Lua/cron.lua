-- cron: periodic entries. Refused when memory is full: the ticks are then caught up with as the entry's policy says.
-- KEYS  anchor
-- Layout
--   NS cron            ZSET entry -> ms at which a scheduler last declared it as it stands
--   NS cron:<entry>    HASH version, timing, definition (JSON for people), tick (ms up to which its ticks are settled),
--                      last (the latest tick that ran), ran (ms), job, queue, paused (ms), run (id of a wanted run), wanted (ms)
--   NS cron:<entry>:log  LIST "<tick> <ms> <outcome> <number> <queue> <id>", the latest first, at most 50
-- ARGV  1 'look', 2 '1' if a definition of the same version is taken over, 3 ms after which an unseen entry is forgotten,
--       then for each entry: name, version, timing, definition
--   Reply: { now, then for each entry { code, tick, paused, run } }. A look makes the entry if there is none, and takes it
--   over from an older version. Code: 'ok', 'older' (a newer version has it), 'other' (so has another of this version).
-- ARGV  1 'advance', 2 name, 3 version, 4 definition, 5 tick before, 6 tick after, 7 older ticks that are dropped,
--       8 number of jobs, their ticks, the jobs (put)
--   Reply: { now, { code, tick, paused, run }, then for each job 1 if it was enqueued }. Code also: 'moved' (another
--   scheduler was there), 'early' (the tick is later than Redis's time), 'paused', 'unknown'; then nothing was changed.
-- ARGV  1 'run', 2 name, 3 version, 4 definition, 5 id of the wanted run, 6 the job
--   Reply: as 'advance'.
-- Atomic: the comparison of version and tick, the enqueue, and the new tick. So a tick is enqueued at most once,
-- whatever the number of hosts and the state of their clocks.
local LOG, FRESH, ABANDONED, WANTED = 50, 60000, 120000, 600000

local function entry_key(name) return NS .. 'cron:' .. name end

local function log(key, tick, outcome, number, queue, id)
  redis.call('LPUSH', key .. ':log', table.concat({ tick, now, outcome, number, queue, id }, ' '))
  redis.call('LTRIM', key .. ':log', 0, LOG - 1)
end

local function read(name, version, definition)
  local h = redis.call('HMGET', entry_key(name), 'version', 'definition', 'tick', 'paused', 'run', 'wanted', 'timing')
  local e = {
    version = tonumber(h[1]), definition = h[2], tick = tonumber(h[3]), paused = h[4], run = h[5] or '',
    wanted = tonumber(h[6]), timing = h[7],
  }
  if not e.version then
    e.code = 'unknown'
  elseif version < e.version then
    e.code = 'older'
  elseif version > e.version then
    e.code = 'newer'
  elseif definition ~= e.definition then
    e.code = 'other'
  else
    e.code = 'ok'
  end
  return e
end

local function shown(e) return { e.code, e.tick or 0, e.paused and 1 or 0, e.run } end

local function look()
  local takes, forget = ARGV[2] == '1', tonumber(ARGV[3])
  local versions = {}
  for at = 4, #ARGV, 4 do versions[at] = assert(tonumber(ARGV[at + 1]), 'a version is no number') end
  local reply = { now }
  for at = 4, #ARGV, 4 do
    local name, version, timing, definition = ARGV[at], versions[at], ARGV[at + 2], ARGV[at + 3]
    local key = entry_key(name)
    local e = read(name, version, definition)
    local seen = tonumber(redis.call('ZSCORE', NS .. 'cron', name) or 0)
    if e.code == 'other' and (takes or now - seen > ABANDONED) then e.code = 'newer' end
    if e.code == 'unknown' or e.code == 'newer' then
      -- Ticks before an entry's time rule was known were nobody's.
      if timing ~= e.timing then e.tick = math.max(now, e.tick or 0) end
      redis.call('HSET', key, 'version', version, 'timing', timing, 'definition', definition, 'tick', e.tick)
      e.code, seen = 'ok', 0
    end
    if e.code == 'ok' then
      if now - seen > FRESH then redis.call('ZADD', NS .. 'cron', now, name) end
      if e.run ~= '' and now - e.wanted > WANTED then
        redis.call('HDEL', key, 'run', 'wanted')
        e.run = ''
      end
    end
    reply[#reply + 1] = shown(e)
  end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', NS .. 'cron', '-inf', now - forget, 'LIMIT', 0, 10)) do
    redis.call('DEL', entry_key(name), entry_key(name) .. ':log')
    redis.call('ZREM', NS .. 'cron', name)
  end
  return reply
end

local function advance()
  local name, before, after, dropped, n =
    ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  local ticks, list, at = {}, {}, 9 + n
  for i = 1, n do
    ticks[i] = assert(tonumber(ARGV[8 + i]), 'a tick is no number')
    list[i], at = read_job(at)
  end
  local key = entry_key(name)
  local e = read(name, tonumber(ARGV[3]), ARGV[4])
  if e.code == 'ok' then
    if e.tick ~= before or after <= before then
      e.code = 'moved'
    elseif e.paused then
      e.code = 'paused'
    elseif after > now then
      e.code = 'early'
    end
  end
  if e.code ~= 'ok' then return { now, shown(e) } end
  local results = enqueue_all(list)
  local fields = { 'tick', after }
  if n > 0 then
    for _, value in ipairs({ 'last', ticks[n], 'ran', now, 'job', list[n].id, 'queue', list[n].queue }) do
      fields[#fields + 1] = value
    end
  end
  redis.call('HSET', key, unpack(fields))
  if dropped > 0 then log(key, ticks[1] or after, 'dropped', dropped, '-', '-') end
  local reply = { now }
  for i = 1, n do
    log(key, ticks[i], results[i] and 'enqueued' or 'duplicate', 1, list[i].queue, list[i].id)
    reply[i + 2] = results[i] and 1 or 0
  end
  e.tick = after
  reply[2] = shown(e)
  return reply
end

local function run()
  local name, id = ARGV[2], ARGV[5]
  local job = read_job(6)
  local key = entry_key(name)
  local e = read(name, tonumber(ARGV[3]), ARGV[4])
  if e.code == 'ok' and e.run ~= id then e.code = 'moved' end
  if e.code ~= 'ok' then return { now, shown(e) } end
  local isNew = enqueue(job)
  redis.call('HDEL', key, 'run', 'wanted')
  redis.call('HSET', key, 'ran', now, 'job', job.id, 'queue', job.queue)
  log(key, now, 'manual', 1, job.queue, job.id)
  e.run = ''
  return { now, shown(e), isNew and 1 or 0 }
end

return ({ look = look, advance = advance, run = run })[ARGV[1]]()
