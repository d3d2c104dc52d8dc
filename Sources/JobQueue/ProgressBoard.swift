internal import Logging
internal import RedisClient
internal import Synchronization

/// What the running jobs of one queue reported and Redis does not know yet.
///
/// A report only leaves its mark here. One task sends what has gathered, once a second as long as there is anything, so
/// that the cost in Redis does not depend on how often handlers report, nor on how many do.
final class ProgressBoard: Sendable {
    struct Report: Sendable {
        let id: JobID
        let fraction: Double?
        let message: String
    }

    /// The longest message, in bytes.
    static let maximumMessageBytes = 200
    static let script = Linker.script("progress", PackageResources.progress_lua, flags: nil)
    private static let pause = Duration.seconds(1)

    private struct State {
        var pending: [Int64: Report] = [:]
        var sender: Task<Void, Never>?
        var isSending = false
        var isEnded = false
    }

    private let queue: String
    private let state = Mutex(State())

    init(queue: String) {
        self.queue = queue
    }

    /// Takes the latest report of a claim; what it said before is of no interest any more.
    func report(_ report: Report, epoch: Int64, over queue: JobQueue) {
        state.withLock { state in
            guard !state.isEnded else { return }
            state.pending[epoch] = report
            guard !state.isSending else { return }
            state.isSending = true
            // Ended by `end()`.
            state.sender = Task { await self.send(over: queue) }
        }
    }

    /// Sends nothing more; returns when the task is over.
    func end() async {
        let sender = state.withLock { state in
            state.isEnded = true
            state.pending = [:]
            return state.sender
        }
        sender?.cancel()
        await sender?.value
    }

    private func send(over queue: JobQueue) async {
        while true {
            let reports = state.withLock { state in
                let reports = state.pending
                state.pending = [:]
                if reports.isEmpty { state.isSending = false }
                return reports
            }
            guard !reports.isEmpty else { return }
            await send(reports, over: queue)
            // Cancelled when the worker ends, and then there is nothing left to send.
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func send(_ reports: [Int64: Report], over queue: JobQueue) async {
        var rest = Array(reports)[...]
        while !rest.isEmpty {
            let batch = rest.prefix(JobQueue.maximumBatch / 4)
            rest = rest.dropFirst(batch.count)
            var arguments: [RedisArgument] = [RedisArgument(self.queue)]
            for (epoch, report) in batch {
                arguments.append(RedisArgument(report.id.rawValue))
                arguments.append(RedisArgument(epoch))
                arguments.append(report.fraction.map { RedisArgument($0) } ?? "")
                arguments.append(RedisArgument(report.message))
            }
            do {
                _ = try await queue.redis.eval(
                    Self.script, keys: [queue.keys.anchor], arguments: arguments, retry: .safe, timeout: .seconds(5))
            } catch {
                // Only a display: the next report is as good.
                queue.logger.debug("progress was not written", metadata: ["error": "\(error)"])
            }
        }
    }
}
