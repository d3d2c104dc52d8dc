import Crypto
import Glibc

/// A row that names a content file: an object's, by its SHA-256, or a part's, by its MD5.
struct ContentRow: Sendable {
    var name: String
    var size: Int64
    /// In lower-case hex.
    var digest: String
    /// `id/number` of the part whose it is.
    var part: String?
}

/// Compares content files with what their rows say, a few MiB at a time.
///
/// Its calls block, and come one after the other.
final class ContentCheck: @unchecked Sendable {
    // Used by one call on a thread of the pool after the other, never by two at once.

    private let files: StoreFiles
    private let row: ContentRow
    private var descriptor: Int32 = -1
    private var offset: Int64 = 0
    private var sha256: SHA256?
    private var md5: Insecure.MD5?

    init(_ row: ContentRow, files: StoreFiles) {
        self.row = row
        self.files = files
        self.sha256 = row.part == nil ? SHA256() : nil
        self.md5 = row.part == nil ? nil : Insecure.MD5()
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
        }
    }

    /// Reads on.
    ///
    /// - Parameter budget: bytes at most; what is read is subtracted.
    /// - Returns: whether it is done, and what is wrong, if anything.
    func advance(_ buffer: UnsafeMutableRawBufferPointer, budget: inout Int) -> (isDone: Bool, finding: ScrubFinding?) {
        do {
            if descriptor < 0 {
                descriptor = try Posix.open(files.contentPath(row.name), O_RDONLY)
                let status = try Posix.status(descriptor)
                guard status.st_mode & S_IFMT == S_IFREG, Int64(status.st_size) == row.size else {
                    return (
                        true,
                        finding(.wrongSize, Int64(status.st_size), "\(status.st_size) bytes instead of \(row.size)")
                    )
                }
                // What the page cache holds says nothing of the disk.
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            }
            while offset < row.size {
                guard budget > 0 else { return (false, nil) }
                let count = min(buffer.count, Int(row.size - offset), budget)
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(count))
                let read = try Posix.read(descriptor, into: target, at: offset)
                guard read == count else {
                    return (true, finding(.wrongSize, nil, "it ended at \(offset + Int64(read)) of \(row.size)"))
                }
                sha256?.update(bufferPointer: UnsafeRawBufferPointer(target))
                md5?.update(bufferPointer: UnsafeRawBufferPointer(target))
                posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
                offset += Int64(count)
                budget -= count
            }
        } catch let failure as Posix.Failure where failure.isMissing {
            let quarantined = access(files.quarantinePath(row.name), F_OK) == 0
            let detail = "the file is not there" + (quarantined ? "; its bytes are in quarantine/\(row.name)" : "")
            return (true, finding(.missing, nil, detail))
        } catch {
            return (true, finding(.unreadable, row.size, "\(error)"))
        }
        let actual = sha256.map { Hex.encode($0.finalize()) } ?? md5.map { Hex.encode($0.finalize()) } ?? ""
        guard actual != row.digest else { return (true, nil) }
        let name = row.part == nil ? "SHA-256" : "MD5"
        return (true, finding(.rotten, row.size, "the \(name) is \(actual) instead of \(row.digest)"))
    }

    private func finding(_ kind: ScrubFinding.Kind, _ bytes: Int64?, _ detail: String) -> ScrubFinding {
        var finding = ScrubFinding(kind, file: files.contentName(row.name), bytes: bytes, detail)
        finding.part = row.part
        return finding
    }
}
