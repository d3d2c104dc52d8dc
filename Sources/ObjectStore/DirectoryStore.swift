public import Logging
import Synchronization

/// An object store in one directory, which any number of processes on one machine may have open at once.
///
/// ```
/// index.sqlite      bucket and key → content (SQLite, WAL, synchronous=FULL)
/// content/ab/abcd…  the bytes; a file never changes once it stands here, and its name says nothing of a key
/// staging/<session> what one open store is writing; locked for as long as its process lives
/// lock              taken while a store opens or sweeps
/// ```
/// A put writes and fsyncs a staging file, links it into `content` and fsyncs that directory, and only then commits the
/// row: a crash at any instant leaves the old object or the new one. What a crash leaves behind is removed by the next
/// open or ``sweep()``. The file system must know hard links and locks, as SQLite's WAL demands too (no NFS).
public final class DirectoryStore: MultipartStore {
    /// Bytes of one read, and about those of one write: one hop to a thread for each, so not less; and each transfer
    /// holds one or two of them, so not more: 100 transfers at once stay below 64 MiB.
    static let chunkSize = 256 << 10

    /// The absolute path of the store.
    public let directory: String
    let files: StoreFiles
    let index: StoreIndex
    let pool: BlockingPool
    /// One completion at a time of each upload.
    let completions = Turns()
    let logger: Logger

    /// Opens a store, creates it when it is missing, and removes what died with other processes.
    ///
    /// - Parameters:
    ///   - directory: Its folder; the parent must exist.
    ///   - threads: How many blocking calls may run at once.
    /// - Throws: ``ObjectStoreError`` with `.storage` when the folder or its index can't be used.
    public init(directory: String, threads: Int = 8, logger: Logger) async throws {
        let pool = BlockingPool(threads: threads)
        do {
            let (files, index) = try await pool.run {
                try Self.reportingStorage {
                    try StoreFiles.open(directory: directory) { files in
                        let index = try StoreIndex(path: files.indexPath)
                        try files.sweep(index: index, logger: logger)
                        return index
                    }
                }
            }
            self.directory = files.directory
            self.files = files
            self.index = index
            self.pool = pool
            self.logger = logger
        } catch {
            pool.shutdown()
            throw error
        }
    }

    deinit {
        files.close()
        pool.shutdown()
    }

    /// Removes what processes that died have left: staging files, content without a row, unlinked content.
    ///
    /// It leaves the transfers of live processes alone. Opening does this too; call it now and then in a service that
    /// runs for long.
    public func sweep() async throws {
        let logger = logger
        try await perform { files, index in
            try files.whileLocked { try files.sweep(index: index, logger: logger) }
        }
    }

    /// How much the store holds; only its buckets are counted, all else is kept up to date by the index.
    public var statistics: StoreStatistics {
        get async throws {
            try await perform { _, index in try index.statistics() }
        }
    }

    /// Runs a blocking call on the store's threads, with every error as an ``ObjectStoreError``.
    func perform<T: Sendable>(_ body: @escaping @Sendable (StoreFiles, StoreIndex) throws -> T) async throws -> T {
        let files = files
        let index = index
        return try await pool.run {
            try Self.reportingStorage { try body(files, index) }
        }
    }
}

/// How much a store holds, without the parts of uploads.
public struct StoreStatistics: Sendable, Equatable {
    /// Buckets.
    public var buckets: Int64
    /// Objects in all buckets.
    public var objects: Int64
    /// The sum of the objects' sizes in bytes.
    public var objectBytes: Int64
    /// Content files; fewer than objects when copies share them.
    public var contents: Int64
    /// Bytes in content files.
    public var contentBytes: Int64
}
