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

    private typealias Part = (runner: QueueRunner, claims: ArraySlice<(member: String, epoch: Int64)>)

    /// Renews all claims; `false` if a request was not answered.
    ///
    /// All queues go in one call, unless there are more claims than one takes.
    private func beat() async -> Bool {
        var calls: [[Part]] = [[]]
        var room = JobQueue.maximumBatch
        for runner in runners {
            var claims = runner.claimsToRenew()[...]
            repeat {
                if room == 0 {
                    calls.append([])
                    room = JobQueue.maximumBatch
                }
                let batch = claims.prefix(room)
                claims = claims.dropFirst(batch.count)
                room -= batch.count
                calls[calls.count - 1].append((runner, batch))
            } while !claims.isEmpty
        }
        for (index, parts) in calls.enumerated() {
            guard await beat(parts, registers: index == 0) else { return false }
        }
        return true
    }

    private func beat(_ parts: [Part], registers: Bool) async -> Bool {
        let sent = ContinuousClock.now
        let reply: RESPValue
        do {
            reply = try await queue.redis.eval(
                Self.beatScript, keys: [queue.keys.anchor], arguments: arguments(parts, registers: registers),
                retry: .safe, timeout: min(configuration.heartbeat, .seconds(10)))
        } catch {
            logger.warning("leases could not be renewed", metadata: ["error": "\(error)"])
            return false
        }
        if registers {
            if startedAt.load(ordering: .relaxed) == 0, let now = reply[0].int {
                startedAt.store(Int64(now), ordering: .relaxed)
            }
            obey(reply[1].string ?? "")
        }
        let lost = Set((reply[2].array ?? []).compactMap(\.string))
        let asked = Set((reply[3].array ?? []).compactMap(\.string))
        for (runner, claims) in parts {
            let lostEpochs = lost.isEmpty ? [] : Set(claims.filter { lost.contains($0.member) }.map(\.epoch))
            for slot in runner.renewed(claims.map(\.epoch), lost: lostEpochs, sent: sent) { slot.cancel() }
            for claim in claims where asked.contains(claim.member) {
                runner.cancel { $0.epoch == claim.epoch }?.cancel()
            }
        }
        return true
    }

    private func arguments(_ parts: [Part], registers: Bool) -> [RedisArgument] {
        var arguments: [RedisArgument] = [
            RedisArgument(id), RedisArgument(configuration.lease.milliseconds),
            RedisArgument(max(60_000, 3 * configuration.heartbeat.milliseconds)),
        ]
        let fields = registers ? registryFields() : []
        arguments.append(RedisArgument(fields.count))
        for (name, value) in fields {
            arguments += [RedisArgument(name), RedisArgument(value)]
        }
        arguments.append(RedisArgument(parts.count))
        for (runner, claims) in parts {
            arguments += [RedisArgument(runner.queue.name), RedisArgument(wireTypes.count)]
            arguments += wireTypes.map { RedisArgument($0) }
            arguments.append(RedisArgument(claims.count))
            arguments += claims.map { RedisArgument($0.member) }
        }
        return arguments
    }
}
