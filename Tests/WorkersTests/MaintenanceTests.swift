import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

/// The periodic work, done by a real worker process.
@Suite("Maintenance", .serialized)
struct MaintenanceTests {
    private func worker(_ server: RedisServer, _ data: TemporaryDirectory, _ flags: [String]) throws -> ChildProcess {
        let product = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "sunset-worker").path
        return try ChildProcess(
            product,
            [
                "run", "--queue", "maintenance", "--data", data.path, "--redis-socket", server.socketPath,
                "--redis-allow-volatile", "true",
            ] + flags,
            output: data.file("worker.log"))
    }

    @Test("the ledger is verified when it is time; a wrong one is a dead job that says what is wrong")
    func ledgerCheck() async throws {
        try await withRedis { server, client in
            let data = try TemporaryDirectory()
            let queue = JobQueue(redis: client, namespace: try Namespace("sunset"), logger: .quiet)
            let inspector = QueueInspector(queue: queue)
            let process = try worker(server, data, ["--maintenance-ledger-check", "@every 1s"])
            defer {
                process.kill(SIGKILL)
                process.wait()
            }
            try await eventually("the ledger was found right") {
                try await inspector.jobs(queue: "maintenance", state: .completed).jobs.count > 0
            }
            let entry = try #require(try await inspector.schedules().first)
            #expect(entry.name == "ledger-check" && entry.type == VerifyLedger.name && entry.lastJob != nil)
            _ = try await client.send(RedisCommand("XADD", "{sunset}:ledger", "*", "no", "entry"))
            try await eventually("the ledger was found wrong") {
                try await inspector.jobs(queue: "maintenance", state: .dead).jobs.count > 0
            }
            let dead = try #require(try await inspector.jobs(queue: "maintenance", state: .dead).jobs.first)
            #expect(dead.troubles.last?.message.contains("the ledger is wrong, 1 problems: unreadable") == true)
            process.kill(SIGTERM)
            #expect(process.wait() == 0)
        }
    }

    @Test("a time that is no time stops the start, and says which setting it is and what is allowed")
    func badSetting() async throws {
        try await withRedis { server, _ in
            let data = try TemporaryDirectory()
            let process = try worker(server, data, ["--maintenance-ledger-check", "0 25 * * *"])
            process.wait()
            let log = try String(contentsOfFile: data.file("worker.log"), encoding: .utf8)
            #expect(log.contains("maintenance.ledger_check") && log.contains("hour '25'") && log.contains("0 to 23"))
        }
    }
}
