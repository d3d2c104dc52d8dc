-- Fragment `idem`: the state change and its Idempotency-Key record are one step, so a retry after a crash finds nothing done or the result.
-- A key of '' means that the caller brought none.
local M = {}

-- nil, or the refusal: the claim lapsed and another request took it over, so this one must not act.
function M.check(key, claim)
  if key == '' then return nil end
  if redis.call('HGET', key, 'claim') ~= claim then return 'request_in_flight' end
  return nil
end

function M.done(key, resource)
  if key ~= '' then redis.call('HSET', key, 'resource', resource) end
end

return M
