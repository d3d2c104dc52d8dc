internal import Synchronization
internal import Logging
internal import RedisClient

extension JobWorker {
    /// Blocks in Redis for all queues that have places; a hint makes a pump look.
    func wakeLoop() async {
        var pause = RetryPause()
        while !isDraining {
            do {
                try await queue.redis.withConnection { connection in
                    while !self.isDraining, let queues = await self.board.nextBlock() {
                        try await self.block(connection, queues.sorted())
                        pause.reset()
                    }
                }
                if isDraining { break }
            } catch {
                _ = board.unblocked(nil)
                if isDraining || Task.isCancelled { break }
                logger.debug("the blocked connection broke", metadata: ["error": "\(error)"])
                await pause.wait()
                // Whatever was missed: the pumps look by themselves, over the shared connection.
                runners.forEach { $0.hint() }
            }
            if isEnded.load(ordering: .sequentiallyConsistent) { break }
        }
    }

    private func block(_ connection: RedisConnection, _ queues: [Int]) async throws {
        let keys = queue.keys
        var arguments = [RedisArgument(keys.privateWake(id))]
        arguments += queues.map { RedisArgument(keys.wake(runners[$0].queue.name)) }
        let milliseconds = timeout(queues)
        board.blocks(until: .now + .milliseconds(milliseconds))
        arguments.append(RedisArgument(Double(milliseconds) / 1000))
        let reply = try await connection.send(
            RedisCommand("BZPOPMIN", arguments).timeout(.milliseconds(milliseconds) + .seconds(10)))
        guard let key = reply[0].string else {
            _ = board.unblocked(nil)
            let now = ContinuousClock.now
            let due = queues.filter { runners[$0].isLookDue(now: now) }
            due.forEach { runners[$0].hint() }
            if milliseconds == WakeBoard.longestBlock.milliseconds { try await probe(connection, queues) }
            return
        }
        guard let index = queues.first(where: { keys.wake(runners[$0].queue.name) == key }) else {
            _ = board.unblocked(nil)
            return
        }
        let hasPlaces = board.unblocked(index)
        runners[index].hint()
        if !hasPlaces {
            // The places were taken meanwhile: another process shall have the hint.
            await passHintOn(runners[index])
        }
    }

    /// Looks for work whose hint was lost: one command for all queues.
    private func probe(_ connection: RedisConnection, _ queues: [Int]) async throws {
        let keys = queue.keys
        let lists = queues.flatMap { index in
            let name = runners[index].queue.name
            return JobPriority.allCases.map { keys.level(name, $0) } + [keys.suspect(name)]
        }
        let found = try await connection.send(RedisCommand("EXISTS", lists.map { RedisArgument($0) }))
        if found.int ?? 0 > 0 { queues.forEach { runners[$0].hint() } }
    }

    /// Until the next due job, expiry or token; never 0, which would mean for ever.
    private func timeout(_ queues: [Int]) -> Int64 {
        let now = ContinuousClock.now
        let next = queues.compactMap { runners[$0].nextLook() }.min()
        let wait = next.map { now.duration(to: $0) + .milliseconds(1) } ?? WakeBoard.longestBlock
        return min(WakeBoard.longestBlock, max(.milliseconds(2), wait)).milliseconds
    }

    /// Ends the block early, because a queue that it does not cover has places again, or wants to look sooner.
    func pokeConnection() async {
        let key = RedisArgument(queue.keys.privateWake(id))
        // A lost poke costs at most the second until the block ends by itself.
        for result in await queue.redis.send([
            RedisCommand("ZADD", key, 0, "w"), RedisCommand("PEXPIRE", key, 60_000),
        ]) {
            if case .failure(let error) = result {
                logger.debug("the blocked connection was not woken", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Gives a hint to whoever blocks next.
    func passHintOn(_ runner: QueueRunner) async {
        do {
            _ = try await queue.redis.send(
                RedisCommand("ZADD", RedisArgument(queue.keys.wake(runner.queue.name)), 0, "w"))
        } catch {
            logger.debug("a hint was not passed on", metadata: ["error": "\(error)"])
        }
    }
}
