@testable import JobQueue
import RedisClient
import TestSupport

/// Runs steps against a Redis and against the model, and compares every reply and the whole state after every step.
struct ModelReplay: Sendable {
    /// Where the two parted.
    struct Difference: Error {
        let step: Int
        let text: String
    }

    let client: RedisClient
    let scripts: ModelScripts

    init(_ client: RedisClient, mutation: SimulationMutation? = nil) async throws {
        self.client = client
        scripts = try await ModelScripts(client, mutation: mutation)
    }

    /// Replays a seed and throws what differs, shrunk to the fewest steps that still differ.
    ///
    /// - Returns: a digest of all replies and states.
    func check(seed: UInt64, steps: Int) async throws -> (digest: UInt64, seen: [Model.Event: Int]) {
        let prefix = "{s\(seed)}:"
        let operations = ModelGenerator.operations(seed: seed, count: steps)
        let first = try await run(operations, prefix: prefix)
        guard let difference = first.difference else { return (first.digest, first.seen) }
        let shortest = try await shrink(Array(operations[...difference.step]), prefix: prefix)
        let text = try await run(shortest, prefix: prefix).difference?.text ?? difference.text
        let steps = shortest.enumerated().map { "\($0.offset): \($0.element)" }.joined(separator: "\n")
        throw TestSupportError(
            "SUNSET_SIM_SEED=\(seed): Redis and the model part at step \(difference.step); the shortest way there has "
                + "\(shortest.count) steps:\n\(steps)\n\(text)")
    }

    /// Sends all steps in one pipeline: the seed has fixed them beforehand.
    func run(
        _ operations: [ModelOperation], prefix: String
    ) async throws -> (digest: UInt64, seen: [Model.Event: Int], difference: Difference?) {
        var model = Model(now: ModelGenerator.start, limits: ModelGenerator.limits)
        var commands = [scripts.clock(prefix, model.now)]
        var expected: [(reply: String, dump: String)] = []
        var places: [Int] = []
        for operation in operations {
            let wereSolo = model.queues.filter { $0.value.soloUntil != nil }.keys.sorted()
            let periods = model.queues.mapValues(\.periods)
            let reply = model.apply(operation)
            places.append(commands.count)
            commands.append(scripts.command(operation, prefix: prefix, now: model.now, limits: model.limits))
            if case .advance = operation {
                // Redis ends keys by its own clock; by the virtual one the test does.
                for queue in wereSolo where model[queue].soloUntil == nil {
                    commands.append(RedisCommand("DEL", RedisArgument("\(prefix)q:\(queue):solo")))
                }
                for (queue, locks) in periods {
                    for digest in locks.keys where model[queue].periods[digest] == nil {
                        commands.append(RedisCommand("DEL", RedisArgument("\(prefix)q:\(queue):uniq:\(digest)")))
                    }
                }
            }
            commands.append(scripts.dump(prefix))
            expected.append((reply, model.dump))
        }
        commands.append(RedisCommand("KEYS", RedisArgument("\(prefix)*")))
        let replies = await client.send(commands)
        let keys = try (replies.last?.get().array ?? []).compactMap(\.string)
        _ = try await client.send(RedisCommand("DEL", keys.map { RedisArgument($0) }))

        var digest = Digest()
        places.append(commands.count - 1)
        for (step, operation) in operations.enumerated() {
            let reply = try ModelScripts.text(replies[places[step]], of: operation)
            let dump = try replies[places[step + 1] - 1].get().string ?? ""
            digest.add(reply)
            digest.add(dump)
            if reply != expected[step].reply {
                let text = "to '\(operation)'\n  Redis answers: \(reply)\n  the model:     \(expected[step].reply)"
                return (digest.value, model.seen, Difference(step: step, text: text))
            }
            if dump != expected[step].dump {
                let text = "after '\(operation)'\n" + Self.parted(dump, expected[step].dump)
                return (digest.value, model.seen, Difference(step: step, text: text))
            }
        }
        return (digest.value, model.seen, nil)
    }

    private static func parted(_ redis: String, _ model: String) -> String {
        let redis = Set(redis.split(separator: "\n").map(String.init))
        let model = Set(model.split(separator: "\n").map(String.init))
        return
            (redis.subtracting(model).sorted().map { "  only in Redis: \($0)" }
            + model.subtracting(redis).sorted().map { "  only in the model: \($0)" }).joined(separator: "\n")
    }

    /// Leaves steps out, in halves, quarters and so on, as long as something still differs.
    private func shrink(_ operations: [ModelOperation], prefix: String) async throws -> [ModelOperation] {
        var shortest = operations
        var size = shortest.count / 2
        while size > 0 {
            let before = shortest.count
            var start = 0
            while start < shortest.count {
                var fewer = shortest
                fewer.removeSubrange(start..<min(start + size, shortest.count))
                if let difference = try await run(fewer, prefix: prefix).difference {
                    shortest = Array(fewer[...difference.step])
                } else {
                    start += size
                }
            }
            if size > 1 || shortest.count == before { size /= 2 }
        }
        return shortest
    }
}

/// FNV-1a over text.
struct Digest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 {
            value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
        }
    }
}
