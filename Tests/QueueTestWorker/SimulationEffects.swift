import JobQueue

/// What the simulation sees from inside the scripts.
extension SimulationHandlers {
    /// Counts for the job's id, and notes when the moment is not as it should be: the acknowledged lease is the only
    /// one of the job.
    static let tally = EffectDefinition(
        name: "tally",
        body: """
            return {
              check = function(args)
                local id, queue = args[1], args[2]
                local P = NS .. 'q:' .. queue .. ':'
                if args[4] == 'crowded' then
                  redis.call('RPUSH', NS .. 'sim:violations', id .. ' lapsed before, and did not run alone')
                end
                local members, held = redis.call('ZRANGE', P .. 'lease', 0, -1), 0
                for _, member in ipairs(members) do
                  if string.match(member, '^(.*):%d+$') == id then held = held + 1 end
                end
                if held ~= 1 then
                  redis.call('RPUSH', NS .. 'sim:violations', id .. ' is acknowledged with ' .. held .. ' leases')
                end
              end,
              apply = function(args)
                redis.call('HINCRBY', NS .. 'sim:tally', args[1], 1)
                redis.call('HSET', NS .. 'sim:lapses', args[1], args[3])
              end,
            }
            """)

    /// Looks at what the turn does to Redis, right after each command and hence at every instant that there is.
    ///
    /// No more leases than a limit allows, none while the queue is paused, nothing taken from a level while a higher
    /// one has something. Each start of a queue with a rate is noted.
    static let probe = smuggled(
        "probe",
        """
        local seen_redis = redis
        local redis = setmetatable({}, { __index = seen_redis })
        redis.call = function(command, key, ...)
          local reply = seen_redis.call(command, key, ...)
          local P = type(key) == 'string' and string.match(key, '^(.*:q:.*:)%w+$')
          if command == 'ZADD' and P and key == P .. 'lease' and select(1, ...) ~= 'XX' then
            local meta = seen_redis.call('HMGET', P .. 'meta', 'limit', 'rate', 'paused')
            local leases = seen_redis.call('ZCARD', key)
            if meta[1] and leases > tonumber(meta[1]) then
              seen_redis.call('RPUSH', NS .. 'sim:violations', leases .. ' leases of ' .. P .. ', at most ' .. meta[1])
            end
            if meta[3] then seen_redis.call('RPUSH', NS .. 'sim:violations', 'a claim of ' .. P .. ', which is paused') end
            if meta[2] then
              for i = 2, select('#', ...), 2 do seen_redis.call('RPUSH', NS .. 'sim:starts', now) end
            end
          elseif command == 'RPOP' and P and reply then
            for level = 0, (tonumber(string.match(key, ':p(%d)$')) or 0) - 1 do
              if seen_redis.call('LLEN', P .. 'p' .. level) > 0 then
                seen_redis.call('RPUSH', NS .. 'sim:violations', key .. ' goes before level ' .. level)
              end
            end
          end
          return reply
        end

        """)

    /// Lua that stands before the scripts' own parts of a worker's turn, put there where its effects are linked.
    static func smuggled(_ name: String, _ lua: String) -> EffectDefinition {
        EffectDefinition(
            name: name,
            body: "return { apply = function() end }\nend)()\n" + lua
                + "EFFECTS['\(name)d'] = (function()\nreturn { apply = function() end }")
    }
}
