import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

/// A supervisor with worker processes of the mail queue and a Redis of its own.
struct PoolFixture {
    let server: RedisServer
    let data: TemporaryDirectory
    let pool: ChildProcess
    let queue: JobQueue
    let client: RedisClient

    /// - Parameters:
    ///   - program: `sunset-worker`, or `pool-test-worker` for jobs that only tests have.
    ///   - socket: where the pool finds Redis, if not at the server itself.
    static func start(
        _ program: String = "sunset-worker", processes: Int, most: Int? = nil, data: TemporaryDirectory? = nil,
        server: RedisServer? = nil, socket: String? = nil, extra: [String] = []
    ) async throws -> PoolFixture {
        let server = if let server { server } else { try await RedisServer.start() }
        let data = if let data { data } else { try TemporaryDirectory() }
        let others = ["ingest", "charges", "fulfilment", "links", "maintenance"].flatMap {
            ["--workers-\($0)-min", "0", "--workers-\($0)-max", "0"]
        }
        let pool = try ChildProcess(
            builtProduct(program),
            [
                "pool", "--data", data.path, "--redis-socket", socket ?? server.socketPath, "--redis-allow-volatile",
                "true", "--workers-mail-min", "\(processes)", "--workers-mail-max", "\(most ?? processes)",
                "--workers-lease-s", "3",
            ] + others + extra,
            output: data.file("pool.log"))
        let client = server.makeClient()
        let queue = JobQueue(redis: client, namespace: try Namespace("sunset"), logger: .quiet)
        return PoolFixture(server: server, data: data, pool: pool, queue: queue, client: client)
    }

    /// Executables lie beside the test bundle.
    static func builtProduct(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
    }

    func pid(_ name: String) -> Int32? {
        let text = try? String(contentsOfFile: data.file("run/workers/\(name).pid"), encoding: .utf8)
        return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The ids of all processes that were started for this fixture and live, whoever their parent is.
    ///
    /// By the fixture's own folder in their arguments; a zombie has none.
    var processes: [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { pid in
            let arguments = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return arguments.split(separator: 0).contains { $0 == Data(data.path.utf8) }
        }
    }

    var mails: Int { (try? FileManager.default.contentsOfDirectory(atPath: data.file("mail/new")).count) ?? 0 }

    func send() async throws {
        try await queue.enqueue(
            SendMail(to: "a@example.org", name: "A", template: .confirmCode(code: "123456", minutes: 15)))
    }

    func stop() async {
        pool.kill(SIGKILL)
        _ = pool.wait()
        await client.close()
        server.stop()
    }

    var log: String { (try? String(contentsOfFile: data.file("pool.log"), encoding: .utf8)) ?? "" }

    /// Waits for what other processes bring about; the limit only ends a test that would never end.
    func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<3_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never happened: \(what)\n\(log.suffix(3_000))")
        throw CancellationError()
    }
}

func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }
