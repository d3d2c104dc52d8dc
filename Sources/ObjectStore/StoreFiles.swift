import Glibc
import Logging

/// The files of a store but the index: content, and the staging folder of this session.
///
/// A session is one open store in one process. It holds the lock of its folder for as long as the process lives; a
/// folder whose lock can be had belongs to a process that died, whatever became of its pid.
struct StoreFiles: Sendable {
    let directory: String
    private let session: String
    private let sessionLock: Int32

    var indexPath: String { directory + "/index.sqlite" }

    /// Makes what is missing, begins a session, and runs `body` before any other store can open or sweep.
    static func open<T>(directory path: String, _ body: (StoreFiles) throws -> T) throws -> (StoreFiles, T) {
        try Posix.makeDirectory(path, mode: 0o750)
        guard let resolved = realpath(path, nil) else { throw Posix.Failure(errno, "realpath", path) }
        let directory = String(cString: resolved)
        free(resolved)
        let lock = try Posix.open(directory + "/lock", O_RDWR | O_CREAT, 0o600)
        defer { Glibc.close(lock) }
        try Posix.lock(lock)
        try makeLayout(directory)
        let session = "\(directory)/staging/\(getpid())-\(OpaqueName.random())"
        try Posix.makeDirectory(session)
        let sessionLock = try Posix.open(session + "/lock", O_RDWR | O_CREAT | O_EXCL, 0o600)
        do {
            guard try Posix.tryLock(sessionLock) else { throw Posix.Failure(EWOULDBLOCK, "flock", session) }
            let files = StoreFiles(directory: directory, session: session, sessionLock: sessionLock)
            let value = try body(files)
            // The index was created in this folder, too.
            try Posix.syncDirectory(directory)
            return (files, value)
        } catch {
            Glibc.close(sessionLock)
            throw error
        }
    }

    /// All 256 content folders are made at once, so that no put has to make a folder durable.
    private static func makeLayout(_ directory: String) throws {
        try Posix.makeDirectory(directory + "/staging")
        try Posix.makeDirectory(directory + "/content", mode: 0o750)
        var isNew = false
        for byte in UInt8.min ... .max {
            isNew = try Posix.makeDirectory("\(directory)/content/\(Hex.encode([byte]))", mode: 0o750) || isNew
        }
        if isNew {
            try Posix.syncDirectory(directory + "/content")
            try Posix.syncDirectory(directory)
            try Posix.syncDirectory(Posix.parent(of: directory))
        }
    }

    /// Runs `body` while no other store opens or sweeps.
    func whileLocked(_ body: () throws -> Void) throws {
        let lock = try Posix.open(directory + "/lock", O_RDWR | O_CREAT, 0o600)
        defer { Glibc.close(lock) }
        try Posix.lock(lock)
        try body()
    }

    /// Ends the session: nothing of it is in use any more.
    func close() {
        try? Self.removeSession(session)
        Glibc.close(sessionLock)
    }

    func stagingPath(_ name: String) -> String {
        "\(session)/\(name)"
    }

    func contentPath(_ name: String) -> String {
        "\(directory)/content/\(name.prefix(2))/\(name)"
    }

    /// Gives the staging file its durable name.
    ///
    /// The staging name stays until the row is committed: it is the note by which a sweep finds content that never
    /// got a row, without reading all of `content`.
    func publish(_ name: String) throws {
        let path = contentPath(name)
        guard link(stagingPath(name), path) == 0 else { throw Posix.Failure(errno, "link", path) }
        try Posix.syncDirectory(Posix.parent(of: path))
    }

    func removeContent(_ name: String) throws {
        try Posix.remove(contentPath(name))
    }

    /// A second name for content, which holds it until the borrower gives it back or dies.
    func lend(_ name: String) throws -> String {
        let path = stagingPath("view-" + OpaqueName.random())
        guard link(contentPath(name), path) == 0 else { throw Posix.Failure(errno, "link", contentPath(name)) }
        return path
    }

    /// Removes content that no row names any more.
    ///
    /// What fails here is done by the next sweep.
    func collect(_ garbage: [String], index: StoreIndex, logger: Logger) {
        guard !garbage.isEmpty else { return }
        do {
            try garbage.forEach(removeContent)
            try index.forgetGarbage(garbage)
        } catch {
            logger.warning("unreferenced content is left to the next sweep", metadata: ["error": "\(error)"])
        }
    }

    /// Removes what dead sessions left, and content whose removal was cut short.
    ///
    /// Call it under the store's lock.
    func sweep(index: StoreIndex, logger: Logger) throws {
        let staging = directory + "/staging"
        for name in try Posix.names(in: staging) where "\(staging)/\(name)" != session {
            try sweepSession("\(staging)/\(name)", index: index, logger: logger)
        }
        try index.forgetCompletedUploads()
        collect(try index.garbage(), index: index, logger: logger)
    }

    private func sweepSession(_ path: String, index: StoreIndex, logger: Logger) throws {
        let lock: Int32
        do {
            lock = try Posix.open(path + "/lock", O_RDWR)
        } catch let failure as Posix.Failure where failure.code == ENOENT {
            // It died between making the folder and its lock, or its own close was faster than this sweep.
            rmdir(path)
            return
        }
        defer { Glibc.close(lock) }
        guard try Posix.tryLock(lock) else { return }
        var orphans = 0
        for name in try Posix.names(in: path) where name != "lock" && !name.hasPrefix("view-") {
            if try !index.hasContent(name) {
                try removeContent(name)
                orphans += 1
            }
        }
        try Self.removeSession(path)
        logger.info("swept a dead session", metadata: ["session": "\(path)", "unfinished": "\(orphans)"])
    }

    private static func removeSession(_ path: String) throws {
        // The lock goes last, so that a session that is half removed can still be told from a live one.
        for name in try Posix.names(in: path) where name != "lock" {
            try Posix.remove("\(path)/\(name)")
        }
        try Posix.remove(path + "/lock")
        rmdir(path)
    }
}
