internal import Foundation

/// Secrets that live in files of their own, never in the configuration and never in a log.
public enum SecretFile {
    /// The file's first line that is not empty; made with 32 random bytes (hexadecimal, mode 0600) where it is missing.
    ///
    /// Two processes that start at once agree: the file appears by an atomic link, so the loser reads the winner's.
    public static func readOrCreate(_ path: String) throws -> String {
        if let first = try? read(path).first { return first }  // missing or empty: made below
        let directory = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<32).map { _ in hexadecimal(UInt8.random(in: 0...255, using: &generator)) }.joined()
        let draft = path + ".\(ProcessInfo.processInfo.processIdentifier).new"
        guard
            FileManager.default.createFile(
                atPath: draft, contents: Data((secret + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: draft]) }
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        guard let first = try read(path).first else {
            throw SettingsError(problems: ["\(path): the file holds no secret"])
        }
        return first
    }

    /// The file's lines that are not empty, newest secret first.
    public static func read(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8)
            .split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
