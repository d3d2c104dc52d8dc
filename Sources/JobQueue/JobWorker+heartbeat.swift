internal import Synchronization
internal import Logging
internal import Foundation
internal import RedisClient

extension JobWorker {
    /// Renews leases and the place in the registry; on the pacer's thread.
    func beatLoop() async {
        while !isEnded.load(ordering: .sequentiallyConsistent) {
            let sent = ContinuousClock.now
            let isAnswered = await beat()
            // After an error sooner: a lease survives as many errors as fit.
            let pause = isAnswered ? configuration.heartbeat : min(.seconds(1), configuration.heartbeat / 4)
            let next = sent + pause
            while ContinuousClock.now < next, !isEnded.load(ordering: .sequentiallyConsistent) {
                await pacer.sleep(until: min(next, .now + .milliseconds(100)))
            }
        }
    }

    /// Stops what must not go on; on the pacer's thread, and never behind a request to Redis.
    func tickLoop() async {
        let interval = min(.milliseconds(100), max(.milliseconds(5), configuration.lease / 20))
        while !isEnded.load(ordering: .sequentiallyConsistent) {
            let now = ContinuousClock.now
            let grace = graceEnd.withLock { $0 }
            for runner in runners {
                for slot in runner.tick(now: now, grace: grace) { slot.cancel() }
            }
            if gate.endEmptying(queue: nil, now: now) { runners.forEach { $0.signal.fire() } }
            // What is left of the two seconds is for the farewell.
            if let grace, grace + .milliseconds(1500) <= now { work.cancel() }
            await pacer.sleep(until: now + interval)
        }
    }

    /// Renews all claims; `false` if a request was not answered.
    private func beat() async -> Bool {
        var isFirst = true
        for runner in runners {
            var claims = runner.claimsToRenew()[...]
            repeat {
                let batch = claims.prefix(JobQueue.maximumBatch)
                claims = claims.dropFirst(batch.count)
                guard await beat(runner, Array(batch), registers: isFirst) else { return false }
                isFirst = false
            } while !claims.isEmpty
        }
        return true
    }

    private func beat(
        _ runner: QueueRunner, _ claims: [(member: String, epoch: Int64)], registers: Bool
    ) async -> Bool {
        var arguments: [RedisArgument] = [
            RedisArgument(id), RedisArgument(configuration.lease.milliseconds),
            RedisArgument(max(60_000, 3 * configuration.heartbeat.milliseconds)),
        ]
        let fields = registers ? registryFields() : []
        arguments.append(RedisArgument(fields.count))
        for (name, value) in fields {
            arguments += [RedisArgument(name), RedisArgument(value)]
        }
        arguments += [1, RedisArgument(runner.queue.name), RedisArgument(wireTypes.count)]
        arguments += wireTypes.map { RedisArgument($0) }
        arguments.append(RedisArgument(claims.count))
        arguments += claims.map { RedisArgument($0.member) }
        let sent = ContinuousClock.now
        let reply: RESPValue
        do {
            reply = try await queue.redis.eval(
                Self.beatScript, keys: [queue.keys.anchor], arguments: arguments, retry: .safe,
                timeout: min(configuration.heartbeat, .seconds(10)))
        } catch {
            logger.warning("leases could not be renewed", metadata: ["error": "\(error)"])
            return false
        }
        let lost = Set((reply.array ?? []).dropFirst().compactMap(\.string))
        let epochs = claims.map(\.epoch)
        let lostEpochs = lost.isEmpty ? [] : Set(claims.filter { lost.contains($0.member) }.map(\.epoch))
        for slot in runner.renewed(epochs, lost: lostEpochs, sent: sent) { slot.cancel() }
        return true
    }

    private func registryFields() -> [(String, String)] {
        let now = ContinuousClock.now
        let running = runners.flatMap { $0.runningJobs(now: now, limit: 100) }.prefix(100)
        // Encoding plain values does not fail.
        let json = (try? JSONEncoder().encode(Array(running))).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        return [
            ("name", configuration.name), ("host", ProcessInfo.processInfo.hostName),
            ("pid", String(ProcessInfo.processInfo.processIdentifier)),
            ("queues", configuration.queues.map(\.name).joined(separator: ",")), ("running", json),
            ("lost", total(\.lost)), ("abandoned", total(\.abandoned)), ("stuck", total(\.stuck)),
        ]
    }

    private func total(_ counter: KeyPath<QueueRunner.State, Int>) -> String {
        String(runners.reduce(0) { $0 + $1.state.withLock { $0[keyPath: counter] } })
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
