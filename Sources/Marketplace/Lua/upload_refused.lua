-- Effects upload.rejected and upload.quarantined: the file will not be sold.
-- args[1] id   args[2] "rejected" or "quarantined"   args[3] problem (JSON)   args[4] report (JSON) or ""
-- args[5] offset of the clock in ms
-- jobs: the mail to its owner, the deletion of its objects (rejected)
-- Applied with the job's acknowledgement. A rejected file's bytes are given back; a quarantined one's are kept, and it is
-- on the operators' list.
return {
  check = function(args, jobs) end,
  apply = function(args, jobs)
    local key = keys.upload(args[1])
    local found = redis.call("HMGET", key, "state", "owner")
    if found[1] ~= "uploaded" and found[1] ~= "processing" then return end
    if args[2] == "rejected" then uploads.free(args[1], found[2]) end
    redis.call("HSET", key, "state", args[2], "problem", args[3], "report", args[4], "updated", now + tonumber(args[5]))
    redis.call("HINCRBY", keys.totals(), "uploads|" .. args[2], 1)
    if args[2] == "quarantined" then redis.call("ZADD", keys.quarantine(), now + tonumber(args[5]), args[1]) end
    enqueue_all(jobs)
  end,
}
