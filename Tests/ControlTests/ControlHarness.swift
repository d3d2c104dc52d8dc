import Foundation
import JobQueue
import RedisClient
import ServiceLifecycle
import TestSupport
import Testing

/// What a run of `sunsetctl` said and how it ended.
struct Said {
    let status: Int32
    let output: String
    let errors: String

    /// The output as JSON.
    func json() throws -> Any {
        try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
    }

    func object() throws -> [String: Any] { try #require(try json() as? [String: Any]) }
    func list() throws -> [[String: Any]] { try #require(try json() as? [[String: Any]]) }
}

struct Chore: Job {
    static let name = "chore"
    static let queue = "chores"
    static let options = JobOptions(maximumFailures: 1)
    var text = ""
}

/// The built `sunsetctl` on a private Redis with work in every state.
struct ControlHarness {
    let server: RedisServer
    let client: RedisClient
    let namespace: String
    let queue: JobQueue
    let inspector: QueueInspector
    let folder: TemporaryDirectory

    static func run(
        namespace: String = "sunset", _ body: (ControlHarness) async throws -> Void
    ) async throws {
        try await withRedis { server, client in
            let queue = JobQueue(redis: client, namespace: try Namespace(namespace), logger: .quiet)
            try await queue.prepare()
            try await body(
                ControlHarness(
                    server: server, client: client, namespace: namespace, queue: queue,
                    inspector: QueueInspector(queue: queue), folder: try TemporaryDirectory()))
        }
    }

    private static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "sunsetctl").path

    private var settings: [String] {
        [
            "--data", folder.path, "--namespace", namespace, "--redis-socket", server.socketPath,
            "--redis-allow-volatile", "true",
        ]
    }

    /// A command line for a shell; the paths of tests need no quotes.
    func command(_ words: String) -> String {
        "\(Self.program) \(words) \(settings.joined(separator: " "))"
    }

    /// Runs `sunsetctl` with the words and the settings that reach the server.
    func ctl(_ words: String...) async throws -> Said { try await ctl(words) }

    /// - Parameters:
    ///   - input: what stands on standard input.
    ///   - settings: more of them; they win over the harness's own.
    ///   - environment: variables of the run, as `NAME=value`.
    func ctl(
        _ words: [String], input: String = "", settings more: [String] = [], environment: [String] = []
    ) async throws -> Said {
        let (out, err) = (folder.file("out"), folder.file("err"))
        try Data(input.utf8).write(to: URL(filePath: folder.file("in")))
        let variables = environment.map { "'\($0)' " }.joined()
        let command =
            "exec env \(variables)'\(Self.program)' \"$@\" >'\(out)' 2>'\(err)' <'\(folder.file("in"))'"
        let child = try ChildProcess("/bin/sh", ["-c", command, "sh"] + words + settings + more)
        let status = child.wait()
        return Said(
            status: status >> 8, output: try String(contentsOfFile: out, encoding: .utf8),
            errors: try String(contentsOfFile: err, encoding: .utf8))
    }

    func state(_ id: String) async throws -> JobState? { try await inspector.job(id: JobID(id))?.state }

    /// `w1 w2 w3` wait, `s1` is scheduled, `d1 d2` are dead, `c1` is completed.
    func seed() async throws {
        for id in ["d1", "d2", "c1"] { try await queue.enqueue(Chore(text: id), id: JobID(id)) }
        var handlers = JobHandlers()
        handlers.register(Chore.self) { job, _ in
            guard job.text == "c1" else { throw JobFailure.permanent("no luck with \(job.text)") }
        }
        try await withWorker(handlers) {
            try await eventually { try await inspector.queue(named: "chores").dead == 2 }
            try await eventually { try await inspector.queue(named: "chores").completed >= 1 }
        }
        for id in ["w1", "w2", "w3"] { try await queue.enqueue(Chore(text: id), id: JobID(id), tag: "tag-\(id)") }
        try await queue.enqueue(Chore(text: "s1"), id: JobID("s1"), delay: .seconds(3600))
    }

    func withWorker(
        _ handlers: JobHandlers, queue name: String = "chores", concurrency: Int = 1, name worker: String = "test",
        _ body: () async throws -> Void
    ) async throws {
        let worker = JobWorker(
            queue: queue, handlers: handlers,
            configuration: JobWorkerConfiguration(
                queues: [WorkerQueue(name, concurrency: concurrency, prefetches: false)], lease: .seconds(30),
                heartbeat: .milliseconds(100), gracePeriod: .milliseconds(100), name: worker),
            logger: .quiet)
        try await with(worker, body)
    }

    /// Runs a scheduler of one entry that has no tick for years, meanwhile.
    func withSchedule(_ name: String, _ body: () async throws -> Void) async throws {
        let schedule = try JobSchedule(name, CronExpression("0 0 29 2 *"), job: Chore(text: name))
        try await with(try JobScheduler(queue: queue, schedules: [schedule], logger: .quiet), body)
    }

    /// Makes an entry look as if its schedulers had been gone for an hour.
    func age(schedule name: String) async throws {
        let past = String(try await inspector.now() - 3_600_000)
        _ = try await client.send(
            RedisCommand(
                "ZADD", RedisArgument(queue.namespace.prefix + "cron"), RedisArgument(past), RedisArgument(name)))
    }

    private func with(_ service: some Service, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: .quiet
            ))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
