import Glibc

/// Compares the files of one page of rows.
///
/// Its calls block, and come one after the other.
final class RowsCheck: @unchecked Sendable {
    // Used by one call on a thread of the pool after the other, never by two at once.

    struct Step: Sendable {
        var bytes: Int64 = 0
        var done: Int64 = 0
        /// The last row that is done with.
        var lastDone: String?
        var isBetweenFiles = true
        var findings: [ScrubFinding] = []
    }

    private var rest: ArraySlice<ContentRow>
    private let repairs: Bool
    private var current: ContentCheck?

    init(_ rows: [ContentRow], repairs: Bool) {
        self.rest = rows[...]
        self.repairs = repairs
    }

    func advance(_ stride: Int, files: StoreFiles, index: StoreIndex) throws -> Step {
        var step = Step()
        var budget = stride
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while let row = rest.first, budget > 0 {
            let check = current ?? ContentCheck(row, files: files)
            current = check
            let (isDone, finding) = check.advance(buffer, budget: &budget)
            guard isDone else { break }
            current = nil
            rest.removeFirst()
            step.done += 1
            step.lastDone = row.name
            // A name is never used again: a row that is still there has been there all the time.
            if let finding, try index.hasContent(row.name) {
                step.findings.append(try settle(finding, row, files: files, index: index))
            }
        }
        step.bytes = Int64(stride - budget)
        step.isBetweenFiles = current == nil
        return step
    }

    private func settle(
        _ finding: ScrubFinding,
        _ row: ContentRow,
        files: StoreFiles,
        index: StoreIndex
    ) throws -> ScrubFinding {
        var finding = finding
        if row.part == nil {
            try index.owners(of: row.name, into: &finding)
        }
        guard repairs, finding.kind == .rotten || finding.kind == .wrongSize else { return finding }
        finding.action = .quarantined
        do {
            try files.quarantine(row.name, finding)
        } catch let failure as Posix.Failure {
            finding.action = .none
            finding.detail += "; it can't be moved to quarantine: \(failure)"
        }
        return finding
    }
}

/// Looks the files of content folders up in the index.
struct FilesCheck {
    struct Step: Sendable {
        var files: Int64 = 0
        var findings: [ScrubFinding] = []
    }

    /// Names that are looked up at once.
    private static let batch = 256

    let files: StoreFiles
    let index: StoreIndex
    let removesOrphans: Bool
    private(set) var step = Step()

    init(files: StoreFiles, index: StoreIndex, removesOrphans: Bool) {
        self.files = files
        self.index = index
        self.removesOrphans = removesOrphans
    }

    mutating func lookForForeignFolders() throws {
        let names = try Posix.names(in: files.directory + "/content")
        for name in names.sorted() where name.utf8.count != 2 || Hex.decode(name) == nil {
            step.findings.append(ScrubFinding(.foreign, file: "content/\(name)", "no folder of the store"))
        }
    }

    mutating func look(into folder: String) throws {
        var batch: [String] = []
        let path = "\(files.directory)/content/\(folder)"
        do {
            try Posix.forEachName(in: path) { name in
                guard StoreFiles.isContentName(name), name.hasPrefix(folder) else {
                    step.findings.append(
                        ScrubFinding(.foreign, file: "content/\(folder)/\(name)", "no file of the store"))
                    return
                }
                batch.append(name)
                guard batch.count == Self.batch else { return }
                try look(at: batch)
                batch.removeAll(keepingCapacity: true)
            }
            try look(at: batch)
        } catch let failure as Posix.Failure where failure.call == "opendir" {
            step.findings.append(ScrubFinding(.unreadable, file: "content/\(folder)", "\(failure)"))
        }
    }

    private mutating func look(at names: [String]) throws {
        step.files += Int64(names.count)
        guard !names.isEmpty else { return }
        for name in try index.unknown(names) {
            // A writer names its file in staging until its row is committed, and a row goes to the garbage list until its
            // file is gone. So what is not staged now, has no row after that, and is there after that, is nobody's.
            guard try !files.isStaged(name), try !index.unknown([name]).isEmpty, let size = files.contentSize(name)
            else { continue }
            var finding = ScrubFinding(.orphan, file: files.contentName(name), bytes: size, "no row names it")
            if removesOrphans {
                try files.removeContent(name)
                finding.action = .removed
            }
            step.findings.append(finding)
        }
    }
}
