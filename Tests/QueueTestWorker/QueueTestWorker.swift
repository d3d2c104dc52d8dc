import Dispatch
import Foundation
import JobQueue
import Logging
import RedisClient
import ServiceLifecycle

/// The same type as in the tests, with the same name on the wire.
struct Work: Job {
    static let name = "work"
    static let queue = "work"
    var text = ""
}

/// The same as in the tests; each completion counts for the job's own id in the hash `tally`.
struct Tally: Job {
    static let name = "tally"
    static let queue = "work"
    static let options = JobOptions(maximumLapses: 10)
}

/// A worker process that tests kill, freeze and wake: `queue-test-worker <socket> <lease ms> <concurrency>`.
///
/// What a job does is its text: `die` kills the process, `hold` waits for the key `go` and counts in `returned`, `block`
/// blocks a thread of the pool for 1.5 s, anything else is done at once. Each attempt counts in `started:<text>`, and
/// each completion adds one to `sum`.
@main
struct QueueTestWorker {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if let words = ProcessInfo.processInfo.environment["QUEUE_SIMULATION"] {
            return try await SimulationWorker.main(words.split(separator: " ").map(String.init))
        }
        guard arguments.count == 4, let lease = Int64(arguments[2]), let concurrency = Int(arguments[3]) else {
            fatalError("queue-test-worker <socket> <lease ms> <concurrency>")
        }
        var logger = Logger(label: "queue-test-worker")
        logger.logLevel = .critical
        let client = RedisClient(RedisConfiguration(address: .unix(path: arguments[1])), logger: logger)
        let queue = JobQueue(redis: client, namespace: try Namespace("t"), logger: logger)
        let prefix = queue.namespace.prefix
        var handlers = JobHandlers()
        handlers.register(
            effect: EffectDefinition(
                name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }"))
        handlers.register(
            effect: EffectDefinition(
                name: "tally",
                body: "return { apply = function(args) redis.call('HINCRBY', NS .. 'tally', args[1], 1) end }"
            ))
        handlers.register(Tally.self) { (_: Tally, context) in
            usleep(2_000)
            return Completion(effects: [Effect("tally", arguments: [RedisArgument(context.id.rawValue)])])
        }
        handlers.register(Work.self) { job, _ in
            // Deaf too: a test that freezes it at once would else have the answer lost to the cancellation.
            _ = try await Task {
                try await client.send(RedisCommand("INCR", RedisArgument("\(prefix)started:\(job.text)")))
            }.value
            switch job.text {
            case "die":
                kill(getpid(), SIGKILL)
            case "hold":
                // In a task of its own, so that it is deaf to its cancellation and comes back as if nothing had been.
                try await Task {
                    while try await client.send(RedisCommand("EXISTS", RedisArgument("\(prefix)go"))).int == 0 {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    _ = try await client.send(RedisCommand("INCR", RedisArgument("\(prefix)returned")))
                }.value
            case "block":
                usleep(1_500_000)
            default:
                break
            }
            return Completion(effects: [Effect("add", arguments: ["sum"])])
        }
        let worker = JobWorker(
            queue: queue, handlers: handlers,
            configuration: JobWorkerConfiguration(
                queues: [WorkerQueue("work", concurrency: concurrency)], lease: .milliseconds(lease),
                heartbeat: .milliseconds(lease / 4), gracePeriod: .seconds(5), name: "process"),
            logger: logger)
        try await runUntilTerminated(worker, logger)
        await client.close()
    }
}

/// Runs a worker until SIGTERM, then drains it.
func runUntilTerminated(_ worker: JobWorker, _ logger: Logger) async throws {
    let group = ServiceGroup(configuration: .init(services: [worker], logger: logger))
    signal(SIGTERM, SIG_IGN)
    let terminate = DispatchSource.makeSignalSource(signal: SIGTERM)
    terminate.setEventHandler { @Sendable in Task { await group.triggerGracefulShutdown() } }
    terminate.resume()
    try await group.run()
    withExtendedLifetime(terminate) {}
}
