internal import Logging
internal import RedisClient
internal import Synchronization

/// What operators ask of a running worker: heard at once by a subscription, and again with each beat, so that a lost
/// message costs at most a heartbeat.
extension JobWorker {
    /// Listens on the namespace's control channel until it is cancelled.
    func controlLoop() async {
        var pause = RetryPause()
        while !Task.isCancelled, !isEnded.load(ordering: .sequentiallyConsistent) {
            do {
                for await event in try await queue.redis.subscribe(to: [queue.keys.control]) {
                    pause.reset()
                    guard case .message(_, let payload) = event else { continue }
                    await handle(String(decoding: payload, as: UTF8.self))
                }
            } catch {
                if Task.isCancelled { return }
                logger.debug("not subscribed to the control channel", metadata: ["error": "\(error)"])
            }
            await pause.wait()
        }
    }

    private func handle(_ message: String) async {
        let words = message.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("cancel", 3):
            runner(of: words[1])?.cancel { $0.id.rawValue == words[2] }?.cancel()
        case ("lost", 3):
            runner(of: words[1])?.lose(JobID(words[2]))?.cancel()
        case ("worker", 2) where words[1] == id:
            await askForCommand()
        default:
            break
        }
    }

    private func runner(of queue: String) -> QueueRunner? {
        runners.first { $0.queue.name == queue }
    }

    private func askForCommand() async {
        let command = RedisCommand("HGET", RedisArgument(queue.keys.worker(id)), "command").retrying(.safe)
        do {
            obey(try await queue.redis.send(command).string ?? "")
        } catch {
            logger.info("a command is heard with the next beat", metadata: ["error": "\(error)"])
        }
    }

    /// Does what an operator asked for; doing it twice is no different.
    func obey(_ command: String) {
        switch command {
        case "quiet": setQuiet(true)
        case "resume": setQuiet(false)
        case "stop": beginDrain()
        default: break
        }
    }

    private func setQuiet(_ isQuiet: Bool) {
        if self.isQuiet.exchange(isQuiet, ordering: .sequentiallyConsistent) != isQuiet {
            logger.notice(isQuiet ? "claims nothing more until it is told to" : "claims again")
        }
        runners.forEach { $0.setQuiet(isQuiet) }
    }

    /// The layout in Redis was changed while this worker ran: what it holds is settled, and nothing more is claimed.
    func noteOtherLayout(_ layout: String) {
        guard !isOutdated.exchange(true, ordering: .sequentiallyConsistent) else { return }
        logger.error(
            "the queues have another layout: this worker claims nothing more",
            metadata: ["layout": "\(layout)", "known": "\(JobQueue.schemaVersion)"])
        runners.forEach { $0.setOutdated() }
    }

    /// What the registry says of it.
    var stateName: String {
        if isDraining { return "draining" }
        if isOutdated.load(ordering: .sequentiallyConsistent) { return "outdated" }
        return isQuiet.load(ordering: .sequentiallyConsistent) ? "quiet" : "running"
    }
}
