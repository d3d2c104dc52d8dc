import FoundationEssentials
import Glibc

/// A key ring's file: JSON, mode 0600, replaced atomically.
struct KeyRingFile: Sendable {
    let path: String

    private struct Document: Codable {
        struct Key: Codable {
            var kid: String
            var secret: Data
            /// Unix milliseconds; builds before these were noted write none.
            var created: Int64?
            var retired: Int64?
            var until: Int64?
        }
        var keys: [Key]
    }

    /// The file as it is now; `nil` if there is none that can be looked at.
    func stamp() -> PrivateFile.Stamp? {
        try? PrivateFile.stamp(of: path)
    }

    func load() throws -> [SigningKey] {
        try reportingPath {
            let descriptor = try Posix.open(path, O_RDONLY | O_NOFOLLOW)
            defer { close(descriptor) }
            let status = try Posix.status(descriptor)
            guard status.st_mode & 0o077 == 0 else {
                throw KeyRingError.insecurePermissions(
                    "\(path) can be read by others: chmod 600 it and rotate the keys")
            }
            let bytes = try Posix.readAll(descriptor, atMost: 1 << 20)
            guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)), !document.keys.isEmpty
            else { throw KeyRingError.malformed("\(path) is not a key ring") }
            return try document.keys.map(key)
        }
    }

    /// Creates the file unless another process was first: whoever links the name wins, the other reads it.
    func loadOrCreate() throws -> [SigningKey] {
        try reportingPath {
            if access(path, F_OK) != 0 {
                try PrivateFile.create(path, encoded([SigningKey.generate()]))
            }
            return try load()
        }
    }

    /// Replaces the keys by what `body` makes of them; only one process at a time does so.
    func change(_ body: ([SigningKey]) throws -> [SigningKey]) throws -> [SigningKey] {
        try reportingPath {
            let lock = try Posix.open(path + ".lock", O_RDWR | O_CREAT, 0o600)
            defer { close(lock) }
            try Posix.lock(lock)
            let keys = try body(load())
            try PrivateFile.replace(path, encoded(keys)) { draft in
                try Self.giveToOwner(of: path, [draft, path + ".lock"])
            }
            return keys
        }
    }

    /// What root has made belongs to whom the file belongs to, who must read it.
    private static func giveToOwner(of path: String, _ made: [String]) throws {
        guard geteuid() == 0 else { return }
        var owner = stat()
        guard stat(path, &owner) == 0 else { throw Posix.Failure(errno, "stat", path) }
        for file in made where chown(file, owner.st_uid, owner.st_gid) != 0 {
            throw Posix.Failure(errno, "chown", file)
        }
    }

    private func encoded(_ keys: [SigningKey]) throws -> [UInt8] {
        Array(try JSONEncoder().encode(Document(keys: keys.map(stored))))
    }

    private func key(_ stored: Document.Key) throws -> SigningKey {
        func date(_ milliseconds: Int64?) -> Date? {
            milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000) }
        }
        var key = try SigningKey(kid: stored.kid, secret: Array(stored.secret))
        key.createdAt = date(stored.created)
        key.retiredAt = date(stored.retired)
        key.verifiesUntil = date(stored.until)
        return key
    }

    private func stored(_ key: SigningKey) -> Document.Key {
        func milliseconds(_ date: Date?) -> Int64? { date.map { Int64($0.timeIntervalSince1970 * 1000) } }
        return Document.Key(
            kid: key.kid, secret: Data(key.secret), created: milliseconds(key.createdAt),
            retired: milliseconds(key.retiredAt), until: milliseconds(key.verifiesUntil))
    }

    private func reportingPath<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let failure as Posix.Failure {
            throw KeyRingError.io(failure.description)
        }
    }
}
