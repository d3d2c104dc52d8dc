-- Effect upload.ready: the file is what it should be.
-- args[1] id   args[2] report (JSON)   args[3] SHA-256 of the content   args[4] offset of the clock in ms
-- jobs: take the previews away again, if the upload was deleted while the worker made them
-- Applied with the job's acknowledgement, by the worker that holds the lease: a worker that was thought dead decides nothing.
return {
  check = function(args, jobs) end,
  apply = function(args, jobs)
    local key = keys.upload(args[1])
    local found = redis.call("HMGET", key, "state", "owner")
    if not found[1] then
      enqueue_all(jobs)
    elseif found[1] == "uploaded" or found[1] == "processing" then
      redis.call("HSET", key, "state", "ready", "report", args[2], "digest", args[3], "updated", now + tonumber(args[4]))
      redis.call("HINCRBY", keys.totals(), "uploads|ready", 1)
      redis.call("HSETNX", keys.content(found[2]), args[3], args[1])
    end
  end,
}
