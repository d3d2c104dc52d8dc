internal import Foundation

/// A process's number in a file of the run folder, there while the process is ready for work.
struct PidFile: Sendable {
    private let path: String

    init(directory: String, name: String) throws {
        path = "\(directory)/\(name).pid"
        try Self.write("\(getpid())\n", to: path, in: directory)
    }

    /// Removes the file, if it still is this process's: a successor may have written its own.
    func remove() {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""  // gone already: nothing to do
        if text == "\(getpid())\n" { unlink(path) }
    }

    /// Writes by rename, so that no reader sees half a number.
    static func write(_ text: String, to path: String, in directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw PoolError.unwritable(path: path, reason: "\(error)")
        }
    }
}
