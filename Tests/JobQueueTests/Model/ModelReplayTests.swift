import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

/// Seeds of a run: one if `SUNSET_SIM_SEED` names it, else as many as `SUNSET_SIM_SEEDS` says, from `SUNSET_SIM_FROM`.
enum Seeds {
    static func chosen(default count: Int) -> Range<UInt64> {
        func number(_ name: String) -> UInt64? {
            ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
        }
        if let seed = number("SUNSET_SIM_SEED") { return seed..<(seed + 1) }
        let first = number("SUNSET_SIM_FROM") ?? 1
        return first..<(first + (number("SUNSET_SIM_SEEDS") ?? UInt64(count)))
    }
}

/// The scripts themselves against the model, step by step, with a clock that the test sets.
@Suite("The scripts do what the model does", .serialized)
struct ModelReplayTests {
    @Test("hundreds of seeds: every reply and the whole state after every step")
    func seeds() async throws {
        try await withRedis { _, client in
            let replay = try await ModelReplay(client)
            let seeds = Seeds.chosen(default: 160)
            let seen = try await withThrowingTaskGroup(of: [Model.Event: Int].self) { group in
                for lane in 0..<2 {
                    group.addTask {
                        var seen: [Model.Event: Int] = [:]
                        for seed in seeds where seed % 2 == lane {
                            seen.merge(try await replay.check(seed: seed, steps: 200).seen, uniquingKeysWith: +)
                        }
                        return seen
                    }
                }
                return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
            }
            let events = Model.Event.allCases.map { "\($0) \(seen[$0] ?? 0)" }.joined(separator: ", ")
            print("replay: \(seeds.count) seeds passed, 200 steps each: \(events)")
            // A generator that leaves something out proves nothing about it.
            if seeds.count >= 100 {
                #expect(Model.Event.allCases.filter { seen[$0] ?? 0 < seeds.count / 10 } == [])
            }
        }
    }

    @Test("what a replay found stays found", arguments: ModelFindings.all)
    func found(_ finding: ModelFindings.Finding) async throws {
        try await withRedis { _, client in
            let replay = try await ModelReplay(client)
            let difference = try await replay.run(finding.operations, prefix: "{f}:").difference
            #expect(difference == nil, "\(difference?.text ?? "")")
        }
    }

    @Test("a fault that is put into the scripts is found", arguments: SimulationMutation.allCases)
    func mutation(_ mutation: SimulationMutation) async throws {
        try await withRedis { _, client in
            let replay = try await ModelReplay(client, mutation: mutation)
            let isFound = await (UInt64(1)..<40).asyncContains { seed in
                let operations = ModelGenerator.operations(seed: seed, count: 200)
                do {
                    return try await replay.run(operations, prefix: "{m\(seed)}:").difference != nil
                } catch {
                    // A script that breaks is found as well.
                    return true
                }
            }
            #expect(isFound)
        }
    }

    @Test("a seed replays exactly: the same replies and states twice, others for another seed")
    func repeatable() async throws {
        try await withRedis { _, client in
            let replay = try await ModelReplay(client)
            let first = try await replay.check(seed: 4711, steps: 200).digest
            #expect(try await replay.check(seed: 4711, steps: 200).digest == first)
            #expect(try await replay.check(seed: 4712, steps: 200).digest != first)
        }
    }
}

extension Sequence {
    /// Whether the answer is yes for any element, asked one after the other.
    fileprivate func asyncContains(_ isWanted: (UInt64) async throws -> Bool) async rethrows -> Bool
    where Element == UInt64 {
        for element in self where try await isWanted(element) { return true }
        return false
    }
}
