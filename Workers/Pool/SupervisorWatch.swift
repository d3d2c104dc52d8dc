internal import Foundation

/// Notices that the supervisor is gone: its end of the pipe on standard input closes with it, however it dies.
enum SupervisorWatch {
    /// Calls `onEnd` once standard input ends.
    ///
    /// A thread of its own waits in `read`: nothing else would wake for it, and it must not block a cooperative thread.
    static func start(onEnd: @escaping @Sendable () async -> Void) {
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count > 0 || (count < 0 && errno == EINTR) { continue }
                break
            }
            // The process ends with this call's effect; there is nobody left to await the task.
            Task { await onEnd() }
        }
    }
}
