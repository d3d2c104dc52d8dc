-- prelude: what every linked script begins with. It only defines; it writes nothing.
-- KEYS[1]  the anchor `{ns}:`, which fixes the cluster slot and is never written. Every key is NS .. something, so it
--          carries the same hash tag.
-- Layout, P = NS .. 'q:<queue>:'. A live id is in exactly one of p0 p1 p2, suspect, lease, due, parked.
--   P jobs     HASH id -> envelope; '' marks a deleted job whose id still lies in a list or a lease
--   P p0 p1 p2 LIST ids, pushed left, taken from the right; three strict levels
--   P suspect  LIST ids of lapsed jobs: claimed singly, run alone
--   P lease    ZSET id:epoch -> expiry; the epoch is never reused, so a stale claim can't be taken for a live one
--   P due      ZSET id -> ms
--   P parked   ZSET type@version:id -> 0, read by lexical range of the type
--   P dead     ZSET id -> ms, P morgue HASH id -> envelope, both bounded
--   P uniq     HASH digest -> id, P uniq:<digest> STRING id: locks of unique jobs (bonds)
--   P hist     HASH id -> JSON {f: failures, l: lapses, e: latest troubles}, only after trouble
--   P done     ZSET id -> ms until which an ended id is remembered (deduplication)
--   P kept     ZSET id -> ms until which its result is kept, P result HASH id -> text
--   P cancel   HASH id -> reason: running jobs that are asked to stop; meta `cancels` counts them
--   P prog     HASH id -> progress
--   P meta     HASH epoch, paused, limit, rate, rate_ms, burst, tokens, tokens_at, ticket, lease, lease_at, cancels, counted
--   P turn:<worker>, P turn:<worker>:<lane>  STRING what its latest turn answered
--   P solo     STRING the worker that may empty itself for a suspect
--   P wake     ZSET one member; a hint, never the job
--   P stat:<minute> HASH
local NS = KEYS[1]
local now
do
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end

local function ok(...) return { 1, ... } end
local function refuse(code, detail) return { 0, code, detail or '' } end

local function queue_key(queue, part) return NS .. 'q:' .. queue .. ':' .. part end
