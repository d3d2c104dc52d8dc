import Foundation
import Glibc
import ObjectStore
import Synchronization

/// Access keys in a file that its owner alone can read.
///
/// A line is `ID SECRET [rw|ro [BUCKET[/PREFIX]]]`; without the last two, a key allows everything. Several lines of one
/// `ID` and secret add up. Empty lines and those that begin with `#` say nothing. The file is read again when it changed,
/// so a key that is taken out ends at once.
public final class AccessKeyFile: AccessKeys {
    /// Why a file of keys can't be used.
    public struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and what is allowed.
        public let description: String
    }

    private let path: String
    private let state: Mutex<(stamp: PrivateFile.Stamp, keys: [String: AccessKey])>

    /// Opens the file, and makes it with one key that allows everything where it is missing.
    public init(path: String) throws {
        self.path = path
        try Self.createIfMissing(path)
        self.state = Mutex(try Self.read(path))
    }

    /// Reads a file as a server would, without making it where it is missing.
    ///
    /// - Returns: how many keys it has.
    /// - Throws: ``Failure`` if others may read it or a line has another form.
    public static func check(path: String) throws -> Int {
        try read(path).1.count
    }

    /// The key of an identifier, as the file has it now.
    public func accessKey(id: String) async throws -> AccessKey? {
        try state.withLock { state in
            if try Self.stamp(path) != state.stamp {
                state = try Self.read(path)
            }
            return state.keys[id]
        }
    }

    /// Reads a file's text.
    static func parse(_ text: String) throws(Failure) -> [String: AccessKey] {
        var keys: [String: AccessKey] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let id = words.first, !id.hasPrefix("#") else { continue }
            let failure = Failure(
                description: "line \(number + 1) of the access keys must be: ID SECRET [rw|ro [BUCKET[/PREFIX]]], "
                    + "with 3 characters or more in ID and 16 or more in SECRET")
            guard (2...4).contains(words.count), id.utf8.count >= 3, words[1].utf8.count >= 16 else { throw failure }
            var grant = AccessGrant()
            if words.count > 2 {
                guard let access = ["rw": AccessGrant.Access.readWrite, "ro": .read][words[2]] else { throw failure }
                grant.access = access
            }
            if words.count > 3 {
                let halves = words[3].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
                grant.bucket = String(halves[0])
                grant.prefix = halves.count == 2 ? String(halves[1]) : ""
            }
            var key = keys[id] ?? AccessKey(id: id, secret: words[1], owner: id, grants: [])
            guard key.secret == words[1] else {
                throw Failure(description: "line \(number + 1) of the access keys has another secret for \(id)")
            }
            key.grants.append(grant)
            keys[id] = key
        }
        return keys
    }

    private static func read(_ path: String) throws -> (PrivateFile.Stamp, [String: AccessKey]) {
        // The stamp first: what changes between the two is read once more.
        let stamp = try stamp(path)
        return (stamp, try parse(String(contentsOfFile: path, encoding: .utf8)))
    }

    private static func stamp(_ path: String) throws -> PrivateFile.Stamp {
        let stamp = try reportingFailure { try PrivateFile.stamp(of: path) }
        guard stamp.isPrivate else {
            throw Failure(description: "\(path) can be read by others; allow its owner alone: chmod 600 \(path)")
        }
        return stamp
    }

    private static func reportingFailure<T>(_ body: () throws -> T) throws(Failure) -> T {
        do {
            return try body()
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private static func createIfMissing(_ path: String) throws {
        guard access(path, F_OK) != 0 else { return }
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let id = "AK" + OpaqueName.random().prefix(18).uppercased()
        let text = """
            # ID SECRET [rw|ro [BUCKET[/PREFIX]]]
            \(id) \(OpaqueName.random() + OpaqueName.random())

            """
        try reportingFailure { try PrivateFile.create(path, Array(text.utf8)) }
    }
}
