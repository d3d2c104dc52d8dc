import Glibc

/// A small file of secrets that its owner alone can read, and that is only ever there whole.
package enum PrivateFile {
    /// What tells one state of a file from another.
    package struct Stamp: Equatable, Sendable {
        private var inode: UInt64
        private var seconds: Int
        private var nanoseconds: Int
        private var size: Int
        /// Whether its owner alone may do anything with it.
        package var isPrivate: Bool

        fileprivate init(_ status: stat) {
            inode = UInt64(status.st_ino)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
            size = Int(status.st_size)
            isPrivate = status.st_mode & 0o077 == 0
        }
    }

    /// The file as it is now; throws where there is none.
    package static func stamp(of path: String) throws -> Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Posix.Failure(errno, "stat", path) }
        return Stamp(status)
    }

    /// Makes the file unless there is one: of two processes that do so at once, one's file stays.
    package static func create(_ path: String, _ bytes: [UInt8]) throws {
        let draft = try write(bytes, for: path)
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw Posix.Failure(errno, "link", path) }
        try Posix.syncDirectory(Posix.parent(of: path))
    }

    /// Replaces the file atomically.
    ///
    /// - Parameter prepare: What is done to the new file, by its path, before it takes the old one's place.
    package static func replace(
        _ path: String, _ bytes: [UInt8], prepare: (String) throws -> Void = { _ in }
    ) throws {
        let draft = try write(bytes, for: path)
        do {
            try prepare(draft)
            guard rename(draft, path) == 0 else { throw Posix.Failure(errno, "rename", path) }
        } catch {
            unlink(draft)
            throw error
        }
        try Posix.syncDirectory(Posix.parent(of: path))
    }

    /// A durable file beside the one that it will become; returns its path.
    private static func write(_ bytes: [UInt8], for path: String) throws -> String {
        let draft = "\(path).\(OpaqueName.random())"
        let descriptor = try Posix.open(draft, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        do {
            try Posix.write(descriptor, bytes)
            try Posix.sync(descriptor)
        } catch {
            unlink(draft)
            throw error
        }
        return draft
    }
}
