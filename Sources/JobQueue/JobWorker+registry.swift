internal import Foundation
internal import Logging
internal import RedisClient
internal import Synchronization

/// A worker's place in the registry.
extension JobWorker {
    func registryFields() -> [(String, String)] {
        let now = ContinuousClock.now
        let running = runners.flatMap { $0.runningJobs(now: now, limit: 100) }.prefix(100)
        // Encoding plain values does not fail.
        let json = (try? JSONEncoder().encode(Array(running))).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        let started = startedAt.load(ordering: .relaxed)
        return [
            ("name", configuration.name), ("host", ProcessInfo.processInfo.hostName),
            ("pid", String(ProcessInfo.processInfo.processIdentifier)), ("version", configuration.version),
            ("queues", configuration.queues.map(\.name).joined(separator: ",")), ("running", json),
            ("concurrency", String(configuration.places)), ("state", stateName), ("rss", String(residentBytes())),
            ("lost", total(\.lost)), ("abandoned", total(\.abandoned)), ("stuck", total(\.stuck)),
            // Stamped by Redis at the first beat.
            ("started", started == 0 ? "" : String(started)),
        ]
    }

    private func total(_ counter: KeyPath<QueueRunner.State, Int>) -> String {
        String(runners.reduce(0) { $0 + $1.state.withLock { $0[keyPath: counter] } })
    }

    /// The memory of this process, 0 where it can't be read.
    private func residentBytes() -> Int {
        guard let file = FileHandle(forReadingAtPath: "/proc/self/statm") else { return 0 }
        // Of a process's own entry this does not fail.
        let text = (try? file.read(upToCount: 256)).flatMap { $0.map { String(decoding: $0, as: UTF8.self) } } ?? ""
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    /// Leaves the registry, and hands a hint to whoever blocks next: one may have been taken here and not followed.
    func sayFarewell() async {
        let keys = queue.keys
        var commands = runners.map { RedisCommand("ZADD", RedisArgument(keys.wake($0.queue.name)), 0, "w") }
        commands.append(RedisCommand("ZREM", RedisArgument(keys.workers), RedisArgument(id)))
        commands.append(RedisCommand("DEL", RedisArgument(keys.worker(id)), RedisArgument(keys.privateWake(id))))
        let timeout = farewellTimeout
        for case .failure(let error) in await queue.redis.send(commands.map { $0.timeout(timeout) }) {
            logger.info("the worker stays in the registry until it is forgotten", metadata: ["error": "\(error)"])
            break
        }
    }
}
