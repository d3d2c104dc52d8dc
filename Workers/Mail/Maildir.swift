internal import Foundation
public import NIOPosix

/// A Maildir that messages are delivered to: durable when `deliver` returns, and once for each name.
///
/// The format is Bernstein's: write below `tmp`, sync, link into `new`. The name is the job's id, so a job that runs
/// again after a crash finds its own message and delivers nothing twice.
public struct Maildir: Sendable {
    /// The folder that holds `tmp`, `new` and `cur`.
    public let directory: String
    private let pool: NIOThreadPool

    /// Opens the Maildir and makes its folders where they are missing.
    ///
    /// Blocking file calls run on `pool`, never on the cooperative threads.
    public init(directory: String, pool: NIOThreadPool = .singleton) throws {
        self.directory = directory
        self.pool = pool
        for folder in ["tmp", "new", "cur"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(folder)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
    }

    /// Delivers `bytes` under `name`; returns `false` when a message of that name was delivered before.
    public func deliver(_ bytes: [UInt8], name: String) async throws -> Bool {
        try await pool.runIfActive { try deliverBlocking(bytes, name: name) }
    }

    private func deliverBlocking(_ bytes: [UInt8], name: String) throws -> Bool {
        guard !name.isEmpty, !name.contains("/"), !name.contains("\0"), !name.hasPrefix(".") else {
            throw MaildirError(path: name, operation: "name", code: EINVAL)
        }
        let final = "\(directory)/new/\(name)"
        if try isDelivered(name) { return false }
        let draft = "\(directory)/tmp/\(name).\(getpid())"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw MaildirError(path: draft, operation: "open", code: errno) }
        defer { unlink(draft) }
        do {
            defer { close(file) }
            try writeAll(bytes, to: file, path: draft)
            guard fsync(file) == 0 else { throw MaildirError(path: draft, operation: "fsync", code: errno) }
        }
        guard link(draft, final) == 0 else {
            if errno == EEXIST { return false }
            throw MaildirError(path: final, operation: "link", code: errno)
        }
        try sync(folder: "\(directory)/new")
        return true
    }

    /// A reader moves messages to `cur` and appends flags after a colon.
    private func isDelivered(_ name: String) throws -> Bool {
        if access("\(directory)/new/\(name)", F_OK) == 0 || access("\(directory)/cur/\(name)", F_OK) == 0 {
            return true
        }
        return access("\(directory)/cur/\(name):2,S", F_OK) == 0
    }

    private func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw MaildirError(path: path, operation: "write", code: errno)
            }
            written += count
        }
    }

    private func sync(folder: String) throws {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw MaildirError(path: folder, operation: "open", code: errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw MaildirError(path: folder, operation: "fsync", code: errno) }
    }
}

/// A file call of a delivery that failed.
public struct MaildirError: Error, CustomStringConvertible, Sendable {
    /// The file or folder.
    public let path: String
    /// The call.
    public let operation: String
    /// Its `errno`.
    public let code: Int32

    /// What failed, where and why.
    public var description: String { "mail: \(operation) of \(path) failed: \(String(cString: strerror(code)))" }
}
