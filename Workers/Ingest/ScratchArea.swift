import Foundation
import NIOPosix

/// Folders for what probes write, removed after use, or by the next worker when this one is killed.
struct ScratchArea: Sendable {
    let directory: String

    /// - Parameter parent: nil: the system's folder for temporary files.
    init(parent: String?) {
        directory = (parent ?? NSTemporaryDirectory()) + "/sunset-ingest-\(getuid())"
    }

    /// Removes the folders that nobody holds the lock of: their workers are dead.
    func sweep() {
        // Without the folder there is nothing to sweep; what can't be removed now may be next time.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            let path = "\(directory)/\(name)"
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                try? FileManager.default.removeItem(atPath: path)
            }
            close(descriptor)
        }
    }

    /// Lends a folder of its own to `body`.
    func withFolder<T: Sendable>(_ body: (String) async throws -> T) async throws -> T {
        let (path, lock) = try await NIOThreadPool.singleton.runIfActive { try make() }
        let result: Result<T, any Error>
        do {
            result = .success(try await body(path))
        } catch {
            result = .failure(error)
        }
        NIOThreadPool.singleton.submit { _ in
            try? FileManager.default.removeItem(atPath: path)
            close(lock)
        }
        return try result.get()
    }

    private func make() throws -> (path: String, lock: Int32) {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw IngestError.system("mkdir", directory, errno)
        }
        try checkOwner()
        while true {
            let path = "\(directory)/\(UUID().uuidString)"
            guard mkdir(path, 0o700) == 0 else { throw IngestError.system("mkdir", path, errno) }
            let lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            // A sweep may have come between the making and the locking; then the folder is gone or going.
            if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, access(path, F_OK) == 0 {
                return (path, lock)
            }
            if lock >= 0 {
                close(lock)
            }
        }
    }

    /// In a folder that everybody may write to, somebody else could have made ours.
    private func checkOwner() throws {
        var status = stat()
        guard lstat(directory, &status) == 0 else { throw IngestError.system("lstat", directory, errno) }
        guard status.st_uid == getuid(), status.st_mode & 0o022 == 0 else {
            throw IngestError.probe("\(directory) belongs to somebody else")
        }
    }
}
