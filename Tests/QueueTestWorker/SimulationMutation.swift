import Foundation
import JobQueue

/// A fault that is put into the scripts on purpose, to see that the replay and the simulation find it.
///
/// Each is a look at what the script asks of Redis and another answer, so that it does not depend on the script's text.
enum SimulationMutation: String, CaseIterable, Sendable {
    /// A lease that is gone counts as held: stale acknowledgements are accepted.
    case fence
    /// A repeated turn is taken for a new one.
    case turnMemory
    /// A lapse is not counted.
    case lapseCount
    /// Leases that ran out are not seen.
    case reaper
    /// The limit of a queue is not seen.
    case limit
    /// The epoch of a claim is used again.
    case epoch
    /// An acknowledged job keeps its lease.
    case acknowledgement
    /// A dead job stays among the live ones.
    case burial
    /// Suspects run beside others.
    case solo
    /// A job is put on its queue though its id is known there.
    case deduplication
    /// The lock of a unique job is never freed.
    case uniqueLock
    /// A batch does not count its members' ends.
    case batchCount
    /// A job that is deleted where it waits leaves no mark.
    case mark

    /// What stands before Redis: `command`, `key` and `...` are the call's; a return is the answer.
    private var body: String {
        switch self {
        case .fence:
            """
            if command == 'ZMSCORE' and ends(':lease') then
              local all = {}
              for i = 1, select('#', ...) do all[i] = '1' end
              return all
            end
            """
        case .turnMemory: "if command == 'GET' and string.find(key, ':turn:') then return false end"
        case .lapseCount:
            """
            if command == 'HSET' and ends(':hist') then
              local id, text = ...
              return true_redis.call(command, key, id, (string.gsub(text, '"l":%d+', '"l":0')))
            end
            """
        case .reaper:
            """
            if command == 'ZRANGE' and ends(':lease') then return {} end
            """
        case .limit:
            """
            if command == 'HMGET' and ends(':meta') then
              local reply = true_redis.call(command, key, ...)
              for i = 1, select('#', ...) do
                if select(i, ...) == 'limit' then reply[i] = false end
              end
              return reply
            end
            """
        case .epoch:
            """
            if command == 'HINCRBY' and select(1, ...) == 'epoch' then return select(2, ...) end
            """
        case .acknowledgement: "if command == 'ZREM' and ends(':lease') then return 0 end"
        case .burial: "if command == 'HDEL' and ends(':jobs') then return 0 end"
        case .solo:
            """
            if command == 'SET' and ends(':solo') then return false end
            if command == 'LPUSH' and ends(':suspect') then key = string.gsub(key, 'suspect$', 'p1') end
            """
        case .deduplication:
            """
            if command == 'ZMSCORE' and (ends(':done') or ends(':dead')) then
              local none = {}
              for i = 1, select('#', ...) do none[i] = false end
              return none
            end
            """
        case .uniqueLock: "if command == 'HDEL' and ends(':uniq') then return 0 end"
        case .batchCount:
            "if command == 'HINCRBY' and string.find(key, ':batch:') and select(2, ...) == -1 then return 1 end"
        case .mark: "if command == 'HSET' and ends(':jobs') and select(2, ...) == '' then return 0 end"
        }
    }

    private var wrapper: String {
        """
        local true_redis = redis
        local redis = setmetatable({}, { __index = true_redis })
        redis.call = function(command, key, ...)
          local function ends(part) return string.sub(key, -#part) == part end
          \(body)
          return true_redis.call(command, key, ...)
        end

        """
    }

    /// A script with the fault in it.
    func applied(to source: String) -> String {
        let end = source.firstIndex(of: "\n") ?? source.startIndex
        return String(source[...end]) + wrapper + source[source.index(after: end)...]
    }

    /// The same for the turn of a real worker, smuggled in where its effects are linked.
    var effect: EffectDefinition {
        SimulationHandlers.smuggled("mutate", wrapper)
    }

    /// The one that this run is to show.
    static var chosen: SimulationMutation? {
        ProcessInfo.processInfo.environment["SUNSET_SIM_MUTATION"].flatMap { SimulationMutation(rawValue: $0) }
    }
}
