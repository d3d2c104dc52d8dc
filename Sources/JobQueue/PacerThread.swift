internal import Foundation
internal import Synchronization

/// A thread for tasks of a worker that must not stand behind handlers, with timers of its own.
///
/// One keeps leases alive: handlers may block every thread of the cooperative pool; renewals must go on nevertheless, or
/// a healthy worker loses its claims. `Task.sleep` comes back over the pool, hence ``sleep(until:)``.
/// One takes turns: while a backlog keeps the pool busy, an answer would wait until a batch has run, and Redis with it.
///
/// Unchecked: all mutable state is behind `condition`, and `Thread` keeps the object alive until ``stop()``.
final class PacerThread: TaskExecutor, @unchecked Sendable {
    private struct Sleeper {
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private let condition = MonotonicCondition()
    private var jobs: [UnownedJob] = []
    private var sleepers: [Sleeper] = []
    private var isStopped = false
    private let name: String

    /// - Parameter name: of the thread, at most 15 bytes.
    init(name: String) { self.name = name }

    func start() {
        let thread = Thread { self.loop() }
        thread.name = name
        thread.start()
    }

    /// Ends the thread after what it has; tasks on it must have ended.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.signal()
        }
    }

    func enqueue(_ job: UnownedJob) {
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        enqueue(UnownedJob(job))
    }

    /// Sleeps on this thread's own timer; not ended by cancellation, so keep it short.
    func sleep(until deadline: ContinuousClock.Instant) async {
        await withCheckedContinuation { continuation in
            condition.withLock {
                sleepers.append(Sleeper(deadline: deadline, continuation: continuation))
                condition.signal()
            }
        }
    }

    private func loop() {
        while true {
            let (ready, due) = nextWork()
            if ready.isEmpty && due.isEmpty { return }
            for sleeper in due { sleeper.continuation.resume() }
            for job in ready { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    /// Blocks until there is something to do; empty when stopped.
    private func nextWork() -> ([UnownedJob], [Sleeper]) {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let now = ContinuousClock.now
            let due = sleepers.filter { $0.deadline <= now }
            if !due.isEmpty { sleepers.removeAll { $0.deadline <= now } }
            if !jobs.isEmpty || !due.isEmpty {
                defer { jobs.removeAll(keepingCapacity: true) }
                return (jobs, due)
            }
            if isStopped { return ([], []) }
            guard let earliest = sleepers.map(\.deadline).min() else {
                condition.wait()
                continue
            }
            condition.wait(atMost: (earliest - now) + .milliseconds(1))
        }
    }
}
