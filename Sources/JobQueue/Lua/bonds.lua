-- bonds: what ties a job to more than its queue (unique lock, batch, timeline), by the extras in its envelope.
-- An envelope with extras begins with its level and '+'; without it the functions cost one byte's look.

local function has_extras(envelope) return string.byte(envelope, 2) == 43 end

-- At a claim: frees a lock that holds only while the job is pending.
local function bonds_started(queue, id, envelope) end

-- At the final end of a live job, once: how is 'completed', 'dead', 'cancelled' or 'deleted'.
local function bonds_ended(queue, id, envelope, how) end

-- A dead job is to live again: returns a code if it must not, else takes its bonds up again.
local function bonds_revived(queue, id, envelope) end

-- Something happened that is no end: event is 'failed', 'lapsed', 'released', 'parked', 'progress'.
local function bonds_noted(queue, id, envelope, event, detail) end

-- A live job goes to another queue: returns a code and the holder's id if its lock is held there, else moves the lock.
local function bonds_moved(queue, target, id, envelope) end
