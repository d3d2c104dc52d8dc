internal import Foundation
internal import Logging
internal import Settings

/// Workers get successors without a gap.
extension PoolSupervisor {
    /// Replaces every process, one at a time: the new one is ready before the old one is told to drain.
    func rollOver() async {
        guard !isRollingOver else { return }
        isRollingOver = true
        defer { isRollingOver = false }
        do {
            settings = try reload()
            mender = PoolMender(lease: settings.workerLease)
            logger.info("rolling over to the settings as they are now")
        } catch {
            logger.error(
                "rolling over with the old settings: the new ones are not allowed", metadata: ["error": "\(error)"])
        }
        for queue in settings.queues {
            for slot in slots[queue.name] ?? [] where !slot.isRetired {
                guard await replace(slot, queue) else {
                    logger.error("the roll-over stops at worker \(slot.name): its successor did not become ready")
                    return
                }
            }
        }
        logger.info("rolled over")
    }

    /// Replaces the slots that ail, one after another, until the pool is cancelled.
    nonisolated func runReplacements() async {
        for await (slot, process) in replacements { await replace(slot, process) }
    }

    func replace(_ slot: WorkerSlot, _ process: PoolMender.ProcessKey) async {
        // It waited for its turn: by now the slot may have another process, which does not ail.
        guard slot.pid == process.pid, let queue = settings.queues.first(where: { $0.name == slot.queue }) else {
            mender.failed(process)
            return
        }
        if await replace(slot, queue) {
            mender.succeeded(process, at: Self.now)
        } else if !Task.isCancelled {
            logger.error("worker \(slot.name) goes on: its successor did not become ready")
            mender.failed(process)
        }
    }

    /// The time of the mender.
    static var now: Duration { .nanoseconds(Int64(clamping: DispatchTime.now().uptimeNanoseconds)) }

    /// Starts a successor and, once it is ready, retires the slot; `false` leaves the old one at work.
    private func replace(_ slot: WorkerSlot, _ queue: Settings.Queue) async -> Bool {
        guard !slot.isRetired, replacing.insert(ObjectIdentifier(slot)).inserted else { return true }
        let successor = start(queue)
        let deadline = ContinuousClock.now + settings.workerStart
        while !Task.isCancelled, ContinuousClock.now < deadline {
            if successor.pid != nil {
                slot.retire()
                // Not published: who waits for the pool looks at what is ready.
                try? writeExpected()
                return true
            }
            try? await Task.sleep(for: .milliseconds(50))  // cancelled: seen at the head of the loop
        }
        successor.retire()
        replacing.remove(ObjectIdentifier(slot))
        return false
    }
}
