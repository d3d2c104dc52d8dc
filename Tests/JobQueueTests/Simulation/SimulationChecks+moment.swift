import JobQueue
import RedisClient

/// What must hold at any moment.
extension SimulationChecks {
    /// Every queue in one step: { problems, the time by which the earliest lease is over,
    /// what lives and where, the queue of that lease }.
    private static let momentScript = RedisScript(
        name: "moment",
        source: """
            local NS, problems, late, live, latest = KEYS[1], {}, 0, {}, ''
            local t = redis.call('TIME')
            local now = t[1] * 1000 + math.floor(t[2] / 1000)
            for i = 1, #ARGV - 1 do
              local queue = ARGV[i]
              local P, places = NS .. 'q:' .. queue .. ':', {}
              local jobs, marks = redis.call('HGETALL', P .. 'jobs'), {}
              for i = 1, #jobs, 2 do marks[jobs[i]] = jobs[i + 1] == '' end
              local function lies(id, place)
                -- An id that stayed in a list when its job was taken away.
                if marks[id] and (place == 'suspect' or string.match(place, '^p%d$')) then
                  place = 'a mark'
                  if not places[id] then places[id] = place end
                  return
                end
                if places[id] == 'a mark' then places[id] = nil end
                places[id] = places[id] and places[id] .. ' and ' .. place or place
              end
              for _, list in ipairs({ 'p0', 'p1', 'p2', 'suspect' }) do
                for _, id in ipairs(redis.call('LRANGE', P .. list, 0, -1)) do lies(id, list) end
              end
              for _, id in ipairs(redis.call('ZRANGE', P .. 'due', 0, -1)) do lies(id, 'due') end
              for _, id in ipairs(redis.call('ZRANGE', P .. 'dead', 0, -1)) do lies(id, 'dead') end
              for _, id in ipairs(redis.call('ZRANGE', P .. 'done', 0, -1)) do lies(id, 'done') end
              for _, m in ipairs(redis.call('ZRANGE', P .. 'parked', 0, -1)) do
                lies(string.match(m, '^[^:]*:(.*)$'), 'parked')
              end
              local keys = {}
              for i = 1, #jobs, 2 do
                local lock = string.match(jobs[i + 1], '^[^\\n]* u=d:(%S+)')
                if lock and keys[lock] then problems[#problems + 1] = jobs[i] .. ' and ' .. keys[lock] .. ' live both' end
                if lock then keys[lock] = jobs[i] end
              end
              local leases = redis.call('ZRANGE', P .. 'lease', 0, -1, 'WITHSCORES')
              for i = 1, #leases, 2 do
                lies(string.match(leases[i], '^(.*):%d+$'), 'lease')
                local ms = now - math.max(tonumber(leases[i + 1]), tonumber(ARGV[#ARGV]))
                if ms > late then late, latest = ms, queue end
              end
              for i = 1, #jobs, 2 do
                live[#live + 1] = jobs[i] .. ' in ' .. queue .. ' ' .. (places[jobs[i]] or '')
                if not places[jobs[i]] then problems[#problems + 1] = jobs[i] .. ' lives nowhere' end
              end
              for id, place in pairs(places) do
                if string.find(place, ' and ') then problems[#problems + 1] = id .. ' lies in ' .. place end
                local isEnded = place == 'dead' or place == 'done'
                if not isEnded and redis.call('HEXISTS', P .. 'jobs', id) == 0 then
                  problems[#problems + 1] = id .. ' lies in ' .. place .. ' without an envelope'
                end
              end
            end
            return { problems, late, live, latest }
            """)

    struct Moment {
        let problems: [String]
        let lateness: Int
        let live: [String]
        /// The queue of the latest lease.
        let latest: String?
    }

    func moment(notBefore: Int64 = 0) async throws -> Moment {
        let reply = try await client.eval(
            Self.momentScript, keys: ["{t}:"],
            arguments: Self.queues.map { RedisArgument($0) } + [RedisArgument(notBefore)], retry: .safe)
        return Moment(
            problems: (reply[0].array ?? []).compactMap(\.string), lateness: reply[1].int ?? 0,
            live: (reply[2].array ?? []).compactMap(\.string), latest: reply[3].string)
    }
}
