/// What an archive and all archives inside it come to, held to the limits while it is unpacked.
final class ArchiveTotals {
    let limits: ArchiveLimits
    private let packed: Int64
    private(set) var entries: Int64 = 0
    private(set) var bytes: Int64 = 0

    /// - Parameter packed: The file's bytes.
    init(limits: ArchiveLimits, packed: Int64) {
        self.limits = limits
        self.packed = packed
    }

    /// Throws ``Refusal`` `archive_too_many_entries`.
    func addEntry(_ name: EntryName) throws {
        entries += 1
        guard entries <= limits.entries else {
            throw Refusal(
                "archive_too_many_entries",
                "The archive has more than \(limits.entries) entries, the most there may be; \(name.quoted) is one "
                    + "too many.")
        }
    }

    /// Throws ``Refusal`` `archive_too_large`, `archive_bomb`.
    func add(bytes more: Int64, of name: EntryName) throws {
        let (sum, overflow) = bytes.addingReportingOverflow(more)
        bytes = overflow ? .max : sum
        guard bytes <= limits.unpackedBytes else {
            throw Refusal(
                "archive_too_large",
                "The archive unpacks to more than \(limits.unpackedBytes) bytes, the most there may be; the entry "
                    + "\(name.quoted) exceeds it.")
        }
        guard bytes > ArchiveLimits.ratioFloor, bytes / max(1, packed) >= limits.ratio else { return }
        throw Refusal(
            "archive_bomb",
            "The archive unpacks to more than \(limits.ratio) times its \(packed) bytes; the entry \(name.quoted) "
                + "exceeds it.")
    }

    /// Throws ``Refusal`` `archive_too_deep`.
    func checkDepth(_ depth: Int, _ name: EntryName) throws {
        guard depth > limits.depth else { return }
        throw Refusal(
            "archive_too_deep",
            "The archive has archives in archives, more than \(limits.depth) levels of them; \(name.quoted) is one "
                + "too deep.")
    }
}
