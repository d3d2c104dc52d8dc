import FoundationEssentials
import Glibc

extension StoreFiles {
    /// Where a content file stands, below the store's folder.
    func contentName(_ name: String) -> String {
        "content/\(name.prefix(2))/\(name)"
    }

    func quarantinePath(_ name: String) -> String {
        "\(directory)/quarantine/\(name)"
    }

    /// Moves a content file out of the way, with a note of whose it is; nothing is deleted.
    func quarantine(_ name: String, _ finding: ScrubFinding) throws {
        if try Posix.makeDirectory(directory + "/quarantine") {
            try Posix.syncDirectory(directory)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // The note first: a file in quarantine always says why it is there.
        try PrivateFile.replace(quarantinePath(name) + ".json", Array(encoder.encode(finding)))
        guard rename(contentPath(name), quarantinePath(name)) == 0 else {
            throw Posix.Failure(errno, "rename", contentPath(name))
        }
        try Posix.syncDirectory(directory + "/quarantine")
        try Posix.syncDirectory(Posix.parent(of: contentPath(name)))
    }

    /// The files in quarantine without their notes, and their bytes.
    func quarantined() throws -> (files: Int64, bytes: Int64) {
        var sum: (files: Int64, bytes: Int64) = (0, 0)
        do {
            try Posix.forEachName(in: directory + "/quarantine") { name in
                var status = stat()
                guard Self.isContentName(name), stat(quarantinePath(name), &status) == 0 else { return }
                sum.files += 1
                sum.bytes += Int64(status.st_size)
            }
        } catch let failure as Posix.Failure where failure.isMissing {}  // nothing ever was
        return sum
    }

    /// Whether a session, of a live process or a dead one that the next sweep looks at, is writing this content.
    func isStaged(_ name: String) throws -> Bool {
        try Posix.names(in: directory + "/staging").contains { session in
            access("\(directory)/staging/\(session)/\(name)", F_OK) == 0
        }
    }

    /// The bytes of a content file; nil when there is none.
    func contentSize(_ name: String) -> Int64? {
        var status = stat()
        return lstat(contentPath(name), &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Files in all content folders.
    func contentCount() throws -> Int64 {
        var count: Int64 = 0
        for folder in UInt8.min ... .max {
            try Posix.forEachName(in: "\(directory)/content/\(Hex.encode([folder]))") { _ in count += 1 }
        }
        return count
    }

    static func isContentName(_ name: String) -> Bool {
        name.utf8.count == 32 && Hex.decode(name) != nil
    }

    /// Takes the turn of scrubbing; nil while another process or task has it.
    ///
    /// Closing the descriptor gives it back.
    func takeScrubTurn() throws -> Int32? {
        let lock = try Posix.open(directory + "/scrub.lock", O_RDWR | O_CREAT, 0o600)
        do {
            if try Posix.tryLock(lock) {
                return lock
            }
        } catch {
            Glibc.close(lock)
            throw error
        }
        Glibc.close(lock)
        return nil
    }
}
