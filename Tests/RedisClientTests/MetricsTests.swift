import Metrics
import Synchronization
import TestSupport
import Testing

@testable import RedisClient

@Suite struct MetricsTests {
    @Test func `commands, round trips, reconnects, timeouts and unknown outcomes are counted, durations timed`()
        async throws
    {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server)
        let counts = Counts()
        let redis = RedisClient(
            RedisConfiguration(address: .unix(path: proxy.socketPath)), logger: .quiet, metrics: counts)
        let replies = await redis.send((0..<100).map { _ in RedisCommand("INCR", "count") })
        #expect(replies.count == 100)
        proxy.set(.cutBeforeReply, on: "INCR", times: 1)
        await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("INCR", "count")) }
        _ = try await redis.send(RedisCommand("PING"))
        proxy.set(.drop, on: "ECHO", times: 1)
        await #expect(throws: RedisError.self) {
            try await redis.send(RedisCommand("ECHO", "lost").timeout(.milliseconds(50)))
        }
        await redis.close()
        #expect(counts["redis_client_commands"] == 103)
        // A hundred commands that were sent together are one.
        #expect(counts["redis_client_round_trips"] == 4)
        #expect(counts["redis_client_reconnects"] == 1)
        #expect(counts["redis_client_unknown_outcomes"] == 1)
        #expect(counts["redis_client_timeouts"] == 1)
        #expect(counts["redis_client_command_duration"] >= 3)
    }
}

/// A backend that adds up; a timer counts its records.
private final class Counts: MetricsFactory, CounterHandler, TimerHandler {
    private let values: Shared
    private let label: String

    private final class Shared: Sendable {
        let values = Mutex<[String: Int64]>([:])
    }

    init() {
        values = Shared()
        label = ""
    }

    private init(_ parent: Counts, label: String) {
        values = parent.values
        self.label = label
    }

    subscript(label: String) -> Int64 { values.values.withLock { $0[label] ?? 0 } }

    private func add(_ amount: Int64) { values.values.withLock { $0[label, default: 0] += amount } }

    func increment(by amount: Int64) { add(amount) }
    func reset() {}
    func recordNanoseconds(_ duration: Int64) { add(1) }
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { Counts(self, label: label) }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { Counts(self, label: label) }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
}
