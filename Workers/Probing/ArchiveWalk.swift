import CArchive
import Glibc

/// Unpacks an archive, and the archives inside it, to nowhere: names and links are judged, sizes are measured.
///
/// No header is believed for a size: what counts is what comes out.
package final class ArchiveWalk {
    private let totals: ArchiveTotals
    private var answer = ArchiveAnswer()
    private var alike = 0
    private var notUnicode = 0

    /// Sentences about single entries; a hostile archive has many of them.
    private static let mostNotes = 10

    private init(_ limits: ArchiveLimits, packed: Int64) {
        totals = ArchiveTotals(limits: limits, packed: packed)
    }

    /// What is in the archive.
    ///
    /// - Throws: ``Refusal`` for one that nobody should unpack; ``ProbeFailure``.
    package static func run(_ path: String, limits: ArchiveLimits) throws -> ArchiveAnswer {
        let file = try FileReader(path)
        // What has a directory at its end is a ZIP for every reader of ZIPs, whatever it begins with.
        let magic = try ArchiveReader.magic(file.bytes(at: 0, count: 512)) ?? .zip
        let walk = ArchiveWalk(limits, packed: file.size)
        if magic == .zip, try walk.checkLayout(file) == 0 {
            // libarchive does not recognise one without entries.
            walk.answer.format = "zip"
            return walk.finished()
        }
        do {
            try walk.look(into: try ArchiveReader(path: path, magic: magic), magic, depth: 1, outer: "")
        } catch let problem as Unreadable {
            try walk.judge(problem, magic)
        }
        return walk.finished()
    }

    /// What can't be read at all is refused; what can't be read *here* is noted.
    private func judge(_ problem: Unreadable, _ magic: ArchiveReader.Magic) throws {
        // A 7z may have its very list of entries encrypted.
        if problem.message.contains("ncrypted") || problem.isUnsupported || magic == .rar {
            answer.isWhole = false
            let part = problem.entry.map { "From the entry \($0.quoted) on, the archive" } ?? "The archive"
            answer.notes.append("\(part) could not be looked at: \(problem.message).")
            return
        }
        let place = problem.entry.map { ", at the entry \($0.quoted)" } ?? ""
        throw Refusal("archive_damaged", "The archive is damaged or incomplete\(place): \(problem.message).")
    }

    /// Returns the count of entries.
    private func checkLayout(_ file: FileReader) throws -> Int {
        let directory = try ZipDirectory(file)
        if Int64(directory.entries.count) > totals.limits.entries {
            throw Refusal(
                "archive_too_many_entries",
                "The archive has \(directory.entries.count) entries; at most \(totals.limits.entries) are allowed.")
        }
        // libarchive's names end at a NUL.
        for entry in directory.entries { try EntryName(entry.name).check() }
        let layout = try ZipLayout(directory, file)
        if directory.end.base > 0 {
            answer.notes.append("\(directory.end.base) bytes stand before the archive.")
        }
        if layout.unused > 0 {
            answer.notes.append("\(layout.unused) bytes of the archive belong to no entry.")
        }
        return directory.entries.count
    }

    private func look(
        into reader: ArchiveReader, _ magic: ArchiveReader.Magic, depth: Int, outer: String
    ) throws {
        if magic == .stream {
            try unpack(reader, depth: depth, outer: outer)
        } else {
            if depth == 1 { answer.format = magic.rawValue }
            try entries(of: reader, magic, depth: depth, outer: outer, isCounted: false)
        }
    }

    private func entries(
        of reader: ArchiveReader, _ magic: ArchiveReader.Magic, depth: Int, outer: String, isCounted: Bool
    ) throws {
        var links = LinkTable()
        var seen: Set<Int> = []
        while let header = try nextHeader(reader) {
            let entry = ArchiveEntry(header, outer: outer)
            try totals.addEntry(entry.name)
            try entry.check(&links)
            note(entry, &seen)
            let size = try measure(entry, reader, magic, depth: depth, isCounted: isCounted)
            if depth == 1 { list(entry.name, entry.kind, size: size) }
        }
        try links.check()
    }

    /// A compressed stream: what is in it, and behind that, is counted to its end.
    private func unpack(_ reader: ArchiveReader, depth: Int, outer: String) throws {
        let name = EntryName(Array("(content)".utf8), within: outer)
        // Nothing at all was compressed.
        guard try nextHeader(reader) != nil else { return }
        // Each filter but the first is an archive around another.
        let depth = depth + max(0, reader.filters - 1)
        try totals.checkDepth(depth, name)
        let data = EntryData(reader.archive, name, totals, isCounted: false)
        try data.readHead()
        let inner = ArchiveReader.magic(data.head)
        if depth == 1 { answer.format = (inner == .tar ? "tar." : "") + reader.streamFormat }
        if inner == .tar {
            let tar = try ArchiveReader(data: data, magic: .tar)
            do {
                try entries(of: tar, .tar, depth: depth, outer: outer, isCounted: true)
            } catch let problem as Unreadable {
                throw data.failure ?? problem
            }
        } else {
            try totals.addEntry(name)
            if let inner { try look(inside: data, inner, name, depth: depth + 1) }
        }
        if let failure = data.failure { throw failure }
        try data.drain()
        if depth == 1, inner != .tar { list(name, .file, size: data.size) }
    }

    private func nextHeader(_ reader: ArchiveReader) throws -> OpaquePointer? {
        var header: OpaquePointer?
        let code = archive_read_next_header(reader.archive, &header)
        if code == ARCHIVE_EOF { return nil }
        guard code >= ARCHIVE_WARN, let header else { throw Unreadable(reader.archive) }
        return header
    }

    /// Unpacks the entry and what is inside; returns its bytes.
    private func measure(
        _ entry: ArchiveEntry, _ reader: ArchiveReader, _ magic: ArchiveReader.Magic, depth: Int, isCounted: Bool
    ) throws -> Int64 {
        guard entry.kind == .file else { return 0 }
        let declared = max(0, entry.declaredSize)
        guard !entry.isEncrypted else {
            answer.encrypted += 1
            try totals.add(bytes: declared, of: entry.name)
            return declared
        }
        let data = EntryData(reader.archive, entry.name, totals, isCounted: isCounted)
        do {
            try data.readHead()
            if let inner = ArchiveReader.magic(data.head) {
                try look(inside: data, inner, entry.name, depth: depth + 1)
            }
            try data.drain()
        } catch let problem as Unreadable where problem.isUnsupported && magic == .zip {
            // A method that libarchive does not know, as Deflate64; the next entry may have another.
            answer.isWhole = false
            note("The entry \(entry.name.quoted) could not be unpacked here: \(problem.message).")
            try totals.add(bytes: max(0, declared - data.size), of: entry.name)
            return max(data.size, declared)
        }
        return data.size
    }

    /// An archive inside counts as if it were unpacked, too; one that can't be read is just a file.
    private func look(
        inside data: EntryData, _ magic: ArchiveReader.Magic, _ name: EntryName, depth: Int
    ) throws {
        try totals.checkDepth(depth, name)
        do {
            // Its list of entries stands at its end, and here is only a stream.
            if magic == .sevenZip { throw Unreadable(message: "a 7z in an archive is not opened") }
            try look(into: try ArchiveReader(data: data, magic: magic), magic, depth: depth, outer: name.path)
        } catch let problem as Unreadable {
            if let failure = data.failure { throw failure }
            answer.isWhole = false
            note("The archive \(name.quoted) inside was not looked at whole: \(problem.message).")
        }
        if let failure = data.failure { throw failure }
    }

    private func note(_ text: String) {
        guard answer.notes.count < Self.mostNotes else { return }
        answer.notes.append(text)
    }

    private func note(_ entry: ArchiveEntry, _ seen: inout Set<Int>) {
        if !entry.name.isUnicode { notUnicode += 1 }
        guard entry.kind != .folder else { return }
        // Hashes and not names, as there may be many and long ones; two strings of the same letters are equal in Swift
        // however their accents are composed.
        if !seen.insert(entry.name.text.lowercased().hashValue).inserted { alike += 1 }
    }

    private func list(_ name: EntryName, _ kind: ArchiveEntry.Kind, size: Int64) {
        answer.entries += 1
        guard answer.listing.count < ArchiveLimits.listed else { return }
        let name = name.text
        let shown = name.count <= 200 ? name : name.prefix(100) + "…" + name.suffix(99)
        answer.listing.append(.init(name: String(shown), type: kind.rawValue, size: size))
    }

    private func finished() -> ArchiveAnswer {
        answer.unpackedBytes = totals.bytes
        if answer.encrypted > 0 {
            answer.isWhole = false
            answer.notes.append("Entries whose content is encrypted: \(answer.encrypted).")
        }
        if alike > 0 {
            answer.notes.append(
                "Entries with the name of another, or one that differs only in case or in how accents are composed: "
                    + "\(alike).")
        }
        if notUnicode > 0 { answer.notes.append("Names that are not UTF-8: \(notUnicode).") }
        return answer
    }
}
