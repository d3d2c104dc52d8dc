import Foundation
import JobQueue
import Marketplace
import NIOCore
import ObjectStore
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

    @Test("the store is scrubbed when it is time; a rotten file is a dead job that says which one")
    func storeScrub() async throws {
        try await withRedis { server, client in
            let data = try TemporaryDirectory()
            let store = try await DirectoryStore(directory: data.file("store"), logger: .quiet)
            try await store.createBucket("goods")
            try await store.put(bucket: "goods", key: "book", bytes: ByteBuffer(string: "once upon a time"))
            let queue = JobQueue(redis: client, namespace: try Namespace("sunset"), logger: .quiet)
            let inspector = QueueInspector(queue: queue)
            let process = try worker(
                server, data, ["--maintenance-ledger-check", "", "--maintenance-store-scrub", "@every 1s"])
            defer {
                process.kill(SIGKILL)
                process.wait()
            }
            try await eventually("the store was found right") {
                try await inspector.jobs(queue: "maintenance", state: .completed).jobs.count > 0
            }
            #expect(try await store.lastScrub()?.contents == 1)
            let entry = try #require(try await inspector.schedules().first)
            #expect(entry.name == "store-scrub" && entry.type == ScrubStore.name)
            let folder = URL(filePath: data.file("store/content"))
            let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
            let file = try #require(files.first { $0.utf8.count > 30 })
            let path = folder.appending(path: file).path
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try Data("once upon a tide".utf8).write(to: URL(filePath: path))
            try await eventually("the store was found damaged") {
                try await inspector.jobs(queue: "maintenance", state: .dead).jobs.count > 0
            }
            let dead = try #require(try await inspector.jobs(queue: "maintenance", state: .dead).jobs.first)
            let message = try #require(dead.troubles.last?.message)
            #expect(message.contains("the store is damaged, 1 problems: rotten content/\(file)"))
            // A periodic scrub changes nothing.
            #expect(FileManager.default.fileExists(atPath: path))
            process.kill(SIGTERM)
            #expect(process.wait() == 0)
        }
    }

    @Test("a time that is no time stops the start, and says which setting it is and what is allowed")
    func badSetting() async throws {
        try await withRedis { server, _ in
            for key in ["ledger-check", "store-scrub"] {
                let data = try TemporaryDirectory()
                let process = try worker(server, data, ["--maintenance-\(key)", "0 25 * * *"])
                process.wait()
                let log = try String(contentsOfFile: data.file("worker.log"), encoding: .utf8)
                #expect(log.contains("maintenance.\(key.replacing("-", with: "_")),"))
                #expect(log.contains("hour '25'") && log.contains("0 to 23"))
            }
        }
    }
}
