import FoundationEssentials
import Glibc

/// A key ring's file: JSON, mode 0600, replaced atomically.
struct KeyRingFile: Sendable {
    let path: String

    private struct Document: Codable {
        struct Key: Codable {
            var kid: String
            var secret: Data
        }
        var keys: [Key]
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
            return try document.keys.map { try SigningKey(kid: $0.kid, secret: Array($0.secret)) }
        }
    }

    /// Creates the file unless another process was first: whoever links the name wins, the other reads it.
    func loadOrCreate() throws -> [SigningKey] {
        try reportingPath {
            if access(path, F_OK) != 0 {
                let temporary = try write([SigningKey.generate()])
                defer { unlink(temporary) }
                if link(temporary, path) != 0, errno != EEXIST {
                    throw Posix.Failure(errno, "link", path)
                }
                try Posix.syncDirectory(Posix.parent(of: path))
            }
            return try load()
        }
    }

    func add(_ key: SigningKey, keeping: Int) throws -> [SigningKey] {
        try reportingPath {
            let lock = try Posix.open(path + ".lock", O_RDWR | O_CREAT, 0o600)
            defer { close(lock) }
            try Posix.lock(lock)
            let keys = try Array(load().suffix(max(0, keeping))) + [key]
            let temporary = try write(keys)
            guard rename(temporary, path) == 0 else {
                let failure = Posix.Failure(errno, "rename", path)
                unlink(temporary)
                throw failure
            }
            try Posix.syncDirectory(Posix.parent(of: path))
            return keys
        }
    }

    private func write(_ keys: [SigningKey]) throws -> String {
        let document = Document(keys: keys.map { Document.Key(kid: $0.kid, secret: Data($0.secret)) })
        let bytes = try JSONEncoder().encode(document)
        let temporary = "\(path).\(OpaqueName.random())"
        let descriptor = try Posix.open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        do {
            try Posix.write(descriptor, Array(bytes))
            try Posix.sync(descriptor)
        } catch {
            unlink(temporary)
            throw error
        }
        return temporary
    }

    private func reportingPath<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let failure as Posix.Failure {
            throw KeyRingError.io(failure.description)
        }
    }
}
