-- locate: where one job is; part of the scripts that are given an id.

-- Leases by id, for scripts that are given many ids of one queue: made when the first of them may have one.
local indexes_leases, lease_index = false, nil
local function index_leases(queue)
  lease_index = {}
  local key, cursor = queue_key(queue, 'lease'), '0'
  repeat
    local reply = redis.call('ZSCAN', key, cursor, 'COUNT', 1000)
    local found = reply[2]
    cursor = reply[1]
    for i = 1, #found, 2 do
      local id = string.match(found[i], '^(.*):%d+$')
      if id then lease_index[id] = { found[i], tonumber(found[i + 1]) } end
    end
  until cursor == '0'
end

-- The member of a job's lease and its expiry. Leases are as many as jobs run at once over all workers, not as many as
-- wait; an index from id to epoch in Redis would cost every claim and every end a write.
local function lease_of(queue, id)
  if indexes_leases and not lease_index then index_leases(queue) end
  if lease_index then
    local lease = lease_index[id]
    if lease then return lease[1], lease[2] end
    return nil
  end
  local key, cursor = queue_key(queue, 'lease'), '0'
  local pattern = string.gsub(id, '[%*%?%[%]\\]', '\\%0') .. ':*'
  repeat
    local reply = redis.call('ZSCAN', key, cursor, 'MATCH', pattern, 'COUNT', 1000)
    local found = reply[2]
    cursor = reply[1]
    for i = 1, #found, 2 do
      -- An id may hold colons itself.
      if string.match(found[i], '^(.*):%d+$') == id then return found[i], tonumber(found[i + 1]) end
    end
  until cursor == '0'
end

-- The parked member of a job, whether it is parked or not.
local function parked_member(id, envelope)
  local name, version = string.match(envelope, '^%d%+? %d+ %d+ (%S+) (%d+) ')
  return name and name .. '@' .. version .. ':' .. id
end

-- { queue, id, state, at (the state's time or nil), envelope (or nil), member (of the lease) }, or nil.
local function locate(queue, id)
  local P = queue_key(queue, '')
  local job = { queue = queue, id = id }
  local envelope = redis.call('HGET', P .. 'jobs', id)
  if envelope and envelope ~= '' then
    job.envelope = envelope
    job.at = tonumber(redis.call('ZSCORE', P .. 'due', id) or nil)
    if job.at then
      job.state = 'scheduled'
      return job
    end
    job.parked = parked_member(id, envelope)
    if job.parked and redis.call('ZSCORE', P .. 'parked', job.parked) then
      job.state = 'parked'
      return job
    end
    job.member, job.at = lease_of(queue, id)
    if job.member then
      job.state = 'running'
      return job
    end
    -- Who lapsed before lies among the suspects.
    local hist = redis.call('HGET', P .. 'hist', id)
    job.state = hist and cjson.decode(hist).l > 0 and 'suspect' or 'waiting'
    return job
  end
  job.at = tonumber(redis.call('ZSCORE', P .. 'dead', id) or nil)
  if job.at then
    job.state = 'dead'
    job.envelope = redis.call('HGET', P .. 'morgue', id) or ''
    return job
  end
  local done = tonumber(redis.call('ZSCORE', P .. 'done', id) or 0)
  local kept = tonumber(redis.call('ZSCORE', P .. 'kept', id) or 0)
  job.at = math.max(done, kept)
  if job.at > now then
    job.state = 'completed'
    return job
  end
  return nil
end
