/// Whether a ZIP's local headers say what its directory says, and every byte belongs to one entry at most.
///
/// Readers differ in which of the two they believe, so that what was looked at here could be another file for a
/// buyer; and entries that share their bytes are how a ZIP of 10 MB unpacks to 281 TB (Fifield, 2019).
struct ZipLayout {
    /// Bytes between the entries that belong to none.
    private(set) var unused: Int64 = 0

    /// Throws ``Refusal`` `archive_inconsistent`, `archive_overlapping`, `archive_damaged`, `archive_name_invalid`.
    init(_ directory: ZipDirectory, _ file: FileReader) throws {
        var reached = directory.end.base
        var previous: EntryName?
        for entry in directory.entries.sorted(by: { $0.offset < $1.offset }) {
            let name = EntryName(entry.name)
            guard let offset = Int64(exactly: entry.offset), offset < directory.end.start else {
                throw Self.damaged(name, "lies outside the file")
            }
            let start = directory.end.base + offset
            let header = try file.bytes(at: start, count: 30 + entry.name.count)
            guard header.little(4, at: 0) == 0x0403_4B50, let nameLength = header.little(2, at: 26),
                let extraLength = header.little(2, at: 28)
            else { throw Self.damaged(name, "has no header where the directory says") }
            try Self.compare(entry, name, header)
            guard start >= reached else {
                throw Refusal(
                    "archive_overlapping",
                    "The entries \(previous?.quoted ?? "") and \(name.quoted) share bytes of the ZIP, as in a bomb.")
            }
            let body = start + 30 + Int64(nameLength) + Int64(extraLength)
            guard let packed = Int64(exactly: entry.packed), packed <= directory.end.start - body else {
                throw Self.damaged(name, "ends behind the directory's beginning")
            }
            // Before it may stand the descriptor of the entry before, up to 24 bytes.
            let gap = start - reached
            unused += gap <= 24 ? 0 : gap
            reached = body + packed
            previous = name
        }
        let gap = directory.end.start - reached
        unused += gap <= 24 ? 0 : gap
    }

    private static func compare(_ entry: ZipDirectory.Entry, _ name: EntryName, _ header: [UInt8]) throws {
        func differs(_ what: String) -> Refusal {
            Refusal(
                "archive_inconsistent",
                "The ZIP's directory and the header of \(name.quoted) differ in \(what): programs would unpack it "
                    + "differently.")
        }
        guard header.little(2, at: 26) == UInt64(entry.name.count), header.count == 30 + entry.name.count,
            Array(header[30...]) == entry.name
        else { throw differs("the name") }
        guard header.little(2, at: 8) == entry.method else { throw differs("the method") }
        guard header.little(2, at: 6).map({ $0 & 1 }) == entry.flags & 1 else { throw differs("the encryption") }
        guard !entry.hasDescriptor else { return }
        for (place, value, what) in [(18, entry.packed, "the packed size"), (22, entry.unpacked, "the size")] {
            // All ones: the size stands in a ZIP64 field.
            guard let local = header.little(4, at: place), local != 0xFFFF_FFFF else { continue }
            guard local == value else { throw differs(what) }
        }
    }

    private static func damaged(_ name: EntryName, _ what: String) -> Refusal {
        ZipDirectory.damaged("the entry \(name.quoted) \(what)")
    }
}
