import Foundation
import Ingest
import JobQueue
import RedisClient
import Subprocess
import Synchronization

/// What a job of the pool's tests does.
///
/// They sleep instead of computing: a pool is to be seen with more places than the machine has cores.
struct PoolTestJob: Job {
    enum Kind: String, Codable {
        /// Sleeps, and counts once for its id at its completion.
        case sleeps
        /// Takes memory and keeps it.
        case leaks
        /// Runs a program for an hour, as a media probe is run.
        case probes
    }

    static let name = "pool-test"
    static let queue = "mail"
    static let options = JobOptions(maximumLapses: 50)

    var kind = Kind.sleeps
    /// Milliseconds of sleep, or MiB of memory.
    var amount: Int
}

/// A job that hears neither its timeout nor anything else.
struct PoolTestDeafJob: Job {
    static let name = "pool-test-deaf"
    static let queue = "mail"
    static let options = JobOptions(maximumFailures: 1, timeout: .milliseconds(500))
}

enum PoolTestHandlers {
    /// HASH of the namespace: job → how often it was completed.
    static let tallyKey = "pooltest:tally"

    private static let tally = EffectDefinition(
        name: "tally",
        body: "return { apply = function(args) redis.call('HINCRBY', NS .. '\(tallyKey)', args[1], 1) end }")

    private static let kept = Mutex<[[UInt8]]>([])

    static func make() -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(effect: tally)
        handlers.register(PoolTestJob.self) { job, context in
            switch job.kind {
            case .sleeps: try await Task.sleep(for: .milliseconds(job.amount))
            case .probes: try await probe()
            case .leaks: kept.withLock { $0.append([UInt8](repeating: 1, count: job.amount << 20)) }
            }
            return Completion(effects: [Effect("tally", arguments: [RedisArgument(context.id.rawValue)])])
        }
        handlers.register(PoolTestDeafJob.self) { (_: PoolTestDeafJob, _) async throws -> Void in
            // A thread that sleeps can't be cancelled.
            while true { sleep(3600) }
        }
        return handlers
    }

    private static func probe() async throws {
        var options = PlatformOptions()
        options.createSession = true
        _ = try await Subprocess.run(
            .name("sleep"), arguments: ["3600"],
            environment: .inherit.updating([ProbeMark.key: "\(getpid())"]),
            platformOptions: options, output: .discarded)
    }
}
