internal import Foundation
internal import ServiceLifecycle

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

    /// Makes the folder of such files, where there is none.
    static func makeFolder(_ directory: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Writes by rename, so that no reader sees half a number.
    static func write(_ text: String, to path: String, in directory: String) throws {
        do {
            try makeFolder(directory)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw PoolError.unwritable(path: path, reason: "\(error)")
        }
    }
}

/// Keeps a process's file while its group runs.
///
/// A service, because the group listens to signals from before its first service on: a file that is there earlier
/// invites a SIGTERM that ends the process on the spot, with the file left behind.
struct PidService: Service {
    let directory: String
    let name: String

    func run() async throws {
        let file = try PidFile(directory: directory, name: name)
        defer { file.remove() }
        try? await gracefulShutdown()  // cancelled: the end as well
    }
}
