import NIOPosix

/// Threads for calls that block (files, hashes, SQLite), so that neither the cooperative pool nor an event loop does.
struct BlockingPool: Sendable {
    private let pool: NIOThreadPool

    /// The process's shared pool of NIO, for calls that are short and rare.
    static let shared = BlockingPool(pool: .singleton)

    private init(pool: NIOThreadPool) {
        self.pool = pool
    }

    init(threads: Int) {
        self.pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    /// Runs a call on a thread of the pool.
    ///
    /// Unlike NIO's `runIfActive` it is not dropped when the task is cancelled, because what runs here also cleans
    /// up; check for cancellation between calls.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            pool.submit { state in
                guard state == .active else {
                    continuation.resume(throwing: ObjectStoreError(.closed, "the store was closed"))
                    return
                }
                continuation.resume(with: Result { try body() })
            }
        }
    }

    /// Runs a call some time, without waiting for it; runs it at once when the pool has ended.
    func detach(_ body: @escaping @Sendable () -> Void) {
        pool.submit { _ in body() }
    }

    /// Ends the threads when what they do now is done.
    func shutdown() {
        pool.shutdownGracefully { _ in }
    }
}
