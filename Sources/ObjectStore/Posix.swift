import Glibc

/// System calls as Swift functions that throw.
///
/// Every one may block: call them on a ``BlockingPool`` thread.
enum Posix {
    /// A call that failed.
    struct Failure: Error, CustomStringConvertible {
        let code: Int32
        let call: String
        let path: String

        init(_ code: Int32, _ call: String, _ path: String) {
            self.code = code
            self.call = call
            self.path = path
        }

        var description: String {
            "\(call) \(path): \(String(cString: strerror(code))) (errno \(code))"
        }

        var isMissing: Bool {
            code == ENOENT
        }

        var isOutOfSpace: Bool {
            code == ENOSPC || code == EDQUOT || code == EFBIG
        }
    }

    /// Opens with `O_CLOEXEC`, so that no subprocess inherits a descriptor (or a lock).
    static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) throws -> Int32 {
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 {
                return descriptor
            }
            guard errno == EINTR else { throw Failure(errno, "open", path) }
        }
    }

    static func status(_ descriptor: Int32) throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(errno, "fstat", "descriptor \(descriptor)") }
        return status
    }

    static func write(_ descriptor: Int32, _ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write(descriptor, $0) }
    }

    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0 {
                guard errno == EINTR else { throw Failure(errno, "write", "descriptor \(descriptor)") }
                continue
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Reads at `offset` until the buffer is full or the file ends; returns the bytes read.
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor, target.baseAddress, target.count, off_t(offset) + filled)
            if count < 0 {
                guard errno == EINTR else { throw Failure(errno, "pread", "descriptor \(descriptor)") }
                continue
            }
            if count == 0 {
                break
            }
            filled += count
        }
        return filled
    }

    /// Whether all pages of a piece are in the page cache; false where that can't be told.
    ///
    /// The mapping is never touched, so it costs some microseconds and no memory.
    static func isResident(_ descriptor: Int32, _ piece: Range<Int64>) -> Bool {
        let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
        let start = piece.lowerBound / page * page
        let count = Int(piece.upperBound - start)
        guard count > 0, let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, off_t(start)),
            base != MAP_FAILED
        else { return false }
        defer { munmap(base, count) }
        let pages = (count + Int(page) - 1) / Int(page)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: pages) { states in
            guard mincore(base, count, states.baseAddress) == 0 else { return false }
            return states.allSatisfy { $0 & 1 == 1 }
        }
    }

    static func readAll(_ descriptor: Int32, atMost limit: Int) throws -> [UInt8] {
        let size = try min(Int(status(descriptor).st_size), limit)
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = try read(descriptor, into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
    }

    /// After a failed fsync the kernel may have dropped the dirty pages: never try again, give the file up.
    static func sync(_ descriptor: Int32) throws {
        guard fsync(descriptor) == 0 else { throw Failure(errno, "fsync", "descriptor \(descriptor)") }
    }

    /// Makes the names in a directory durable.
    static func syncDirectory(_ path: String) throws {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        try sync(descriptor)
    }

    /// Creates a directory; true when it was not there before.
    @discardableResult
    static func makeDirectory(_ path: String, mode: mode_t = 0o700) throws -> Bool {
        if mkdir(path, mode) == 0 {
            return true
        }
        guard errno == EEXIST else { throw Failure(errno, "mkdir", path) }
        return false
    }

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw Failure(errno, "unlink", path) }
    }

    /// Waits for the exclusive lock of an open file; closing the descriptor, also by dying, gives it back.
    static func lock(_ descriptor: Int32) throws {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Failure(errno, "flock", "descriptor \(descriptor)") }
        }
    }

    /// Takes the lock if nobody holds it.
    static func tryLock(_ descriptor: Int32) throws -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno != EWOULDBLOCK else { return false }
            guard errno == EINTR else { throw Failure(errno, "flock", "descriptor \(descriptor)") }
        }
        return true
    }

    /// The names in a directory, without `.` and `..`.
    static func names(in path: String) throws -> [String] {
        var names: [String] = []
        try forEachName(in: path) { names.append($0) }
        return names
    }

    /// Calls `body` with each name in a directory, without `.` and `..`, as the system lists them.
    static func forEachName(in path: String, _ body: (String) throws -> Void) throws {
        guard let directory = opendir(path) else { throw Failure(errno, "opendir", path) }
        defer { closedir(directory) }
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw Failure(errno, "readdir", path) }
                return
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." {
                try body(name)
            }
        }
    }

    static func parent(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
    }
}
