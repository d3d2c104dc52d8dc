-- turn: settles what a worker ended and claims what it runs next, in one step. Runs when memory is full, so that a full
-- Redis drains. Linked from fate, settle, claim and this.
-- KEYS  anchor
-- ARGV  1 queue, 2 worker, 3 turn number, 4 lease ms, 5 number to claim (0..128), 6 how many of them there are free
--       places for (the rest is claimed ahead, where no limit holds), 7 'idle' if the process runs nothing,
--       8 cap of remembered jobs, 9 cap of dead jobs, 10 microseconds that the completed jobs ran, 11 the layout's
--       version, 12 the look interval that the last turn answered,
--       13 lane: which of the worker's turns at once, 14 number of groups of plain completions, then for each: window
--       ms, number of jobs, their ids, their members (id:epoch);
--       number of others, then for each its kind, id, epoch, flags (1 has extras, 2 had progress) and
--         'c' window ms, retention ms, 1|0 has a result, result, number of effects, for each: name, number of arguments,
--             these, number of jobs, these (put); number of follow-up jobs, these
--         'f' delay ms, maximum failures, 1|0 permanent, message
--         'r' list to go back to the head of (p0 p1 p2 suspect)
--         'p' type@version
--         'x' reason: cancelled
-- Reply: { problems, claimed, more, next, solo, limited, layout, look, lapsed, waited }
--   problems  for what was not settled: {position (plain first), 'stale' | 'refused' | 'broken', code}
--   claimed   { the first epoch, the others follow on it, or all epochs; ids; envelopes; position, failures, lapses of
--             those that have any }
--   more      1 if jobs are left to claim now; next: ms until it is time to look without a hint
--   solo      1: what was claimed is a suspect, run it alone; 2: empty the process, then ask as 'idle'
--   limited   1: nothing is claimed ahead
--   layout    the layout's version if it is another one, then nothing is claimed; else ''
--   look      the look interval in ms
--   lapsed    how many leases that ran out were taken away; waited: how long the oldest of the claimed that was never
--             tried before had waited, in ms, or -1 (both are left out of a repeated answer)
-- Atomic: each job's acknowledgement with its effects and follow-ups, fenced by its lease (id:epoch). Within one job
-- everything is checked before the first write; a refused job leaves its lease and its neighbours as they are.
-- A repeated turn (same worker, lane and number) answers what the first did: the worker may send it again after a cut.
-- A late copy of an earlier one does nothing.
local want = tonumber(ARGV[5])
local memory_key = P .. 'turn:' .. worker .. (ARGV[13] == '0' and '' or ':' .. ARGV[13])

-- What was settled is settled; what was claimed and still is, is handed over again.
local function answer_again(memory)
  local claims = { {}, {}, {}, {} }
  if #memory.m > 0 then
    local scores = redis.call('ZMSCORE', LEASE, unpack(memory.m))
    local epochs, held, troubles = claims[1], claims[2], claims[4]
    for i, member in ipairs(memory.m) do
      if scores[i] then
        local id, epoch = string.match(member, '^(.*):(%d+)$')
        held[#held + 1], epochs[#epochs + 1] = id, tonumber(epoch)
      end
    end
    if #held > 0 then
      local envelopes = redis.call('HMGET', JOBS, unpack(held))
      local hist = redis.call('HMGET', HIST, unpack(held))
      for i = 1, #held do
        claims[3][i] = envelopes[i] or ''
        if hist[i] then
          local h, n = history(hist[i]), #troubles
          troubles[n + 1], troubles[n + 2], troubles[n + 3] = i, h.f, h.l
        end
      end
    end
  end
  return { memory.p, claims, 1, 0, memory.s, memory.l, '', memory.k }
end

local memory = redis.call('GET', memory_key)
if memory then
  memory = cmsgpack.unpack(memory)
  if memory.n == number then return answer_again(memory) end
  -- Answered long ago; what a late copy would claim, nobody would run.
  if memory.n > number then return { {}, { 0, {}, {}, {} }, 0, 1000, 0, 0, '', lease_ms } end
end

local shortest, shortest_at = read_meta()
settle_all()
local promoted, due_at = promote(queue)
local lapsed, lease_at, reaped = reap(queue, cancels)
local look = look_interval(shortest, shortest_at, tonumber(ARGV[12]))

local layout = ''
if want > 0 then
  local found = redis.call('GET', NS .. 'queue:schema')
  if found and found ~= ARGV[11] then
    layout, want = found, 0
    -- The hint that brought it here is for somebody else.
    wake(queue)
  end
end

local claimed, leased, solo, more, token_ms = { 0, {}, {}, {} }, {}, 0, false, nil
local is_limited = limit or rate
local idle = ARGV[7] == 'idle'
local is_vain = idle and #members == 0 and promoted + lapsed == 0 and is_empty()
if not paused and not is_vain and (want > 0 or (is_limited and #members > 0)) then
  claimed, leased, solo, more, token_ms =
    claim(want, math.min(want, tonumber(ARGV[6])), idle, lapsed)
elseif promoted + lapsed > 0 then
  wake(queue)
end

-- Also when nothing ends any more, and then more at once, because nobody waits for it.
local swept = 0
if completed > 0 then
  swept = sweep(queue, 2 * completed + 16, true)
elseif #members == 0 and #leased == 0 then
  swept = sweep(queue, 500, false)
end
local next_ms = math.min(due_at - now, lease_at - now, look, token_ms or look)
if more or swept == 500 then next_ms = 0 end
redis.call(
  'SET', memory_key, cmsgpack.pack({ n = number, p = problems, m = leased, s = solo, l = is_limited and 1 or 0, k = look }),
  'PX', math.max(60000, 2 * lease_ms))
return {
  problems, claimed, more and 1 or 0, math.max(0, next_ms), solo, is_limited and 1 or 0, layout, look,
  reaped, waited,
}
