import ArgumentParser
import Foundation
import JobQueue
import Logging
import RedisClient
import TestSupport

/// A private Redis that is measured, reached over TCP as the peers reach theirs.
struct BenchServer {
    let server: RedisServer
    let port: Int
    let client: RedisClient
    let queue: JobQueue

    static let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    static func start(syncsEveryWrite: Bool = false) async throws -> BenchServer {
        let port = try TCPPort.unused()
        var lines = ["port \(port)", "bind 127.0.0.1"]
        // No rewrite of the file in the middle of a measurement.
        if syncsEveryWrite { lines += ["appendonly yes", "appendfsync always", "auto-aof-rewrite-percentage 0"] }
        let server = try await RedisServer.start(configuration: lines)
        let client = RedisClient(RedisConfiguration(address: .tcp(host: "127.0.0.1", port: port)), logger: logger)
        return BenchServer(
            server: server, port: port, client: client,
            queue: JobQueue(redis: client, namespace: try Namespace("bench"), logger: logger))
    }

    func stop() async {
        await client.close()
        server.stop()
    }

    @discardableResult
    func send(_ name: String, _ arguments: RedisArgument...) async throws -> RESPValue {
        try await client.send(RedisCommand(name, arguments).timeout(.seconds(120)))
    }

    var producer: Producer { Producer(client: client, queue: queue) }

    func flush() async throws { try await send("FLUSHALL") }

    /// What the server did since the last reset.
    func counters() async throws -> Counters {
        let text = try await send("INFO", "everything").string ?? ""
        var counters = Counters()
        for line in text.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            switch pair[0] {
            case "used_cpu_user", "used_cpu_sys": counters.cpuSeconds += Double(pair[1]) ?? 0
            case "total_reads_processed": counters.reads = Int(pair[1]) ?? 0
            case "used_memory": counters.memory = Int(pair[1]) ?? 0
            case let name where name.hasPrefix("cmdstat_") && !name.hasPrefix("cmdstat_info"):
                let calls = pair[1].split(separator: ",").first { $0.hasPrefix("calls=") }
                counters.calls += calls.flatMap { Int($0.dropFirst(6)) } ?? 0
            default: break
            }
        }
        return counters
    }

    struct Counters {
        var cpuSeconds = 0.0
        /// Reads from sockets, close to round trips.
        var reads = 0
        /// Commands, those inside scripts included.
        var calls = 0
        var memory = 0

        static func - (later: Counters, earlier: Counters) -> Counters {
            Counters(
                cpuSeconds: later.cpuSeconds - earlier.cpuSeconds, reads: later.reads - earlier.reads,
                calls: later.calls - earlier.calls, memory: later.memory - earlier.memory)
        }
    }
}
