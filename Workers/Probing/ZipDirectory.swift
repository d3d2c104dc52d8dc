/// A ZIP's central directory (APPNOTE 6.3.10 §4.3); nothing is decompressed.
package struct ZipDirectory {
    /// An entry as the directory has it.
    package struct Entry {
        package var name: [UInt8]
        package var flags: UInt64
        package var method: UInt64
        package var packed: UInt64
        package var unpacked: UInt64
        /// Of its local header, from the start of the archive.
        package var offset: UInt64

        package var isEncrypted: Bool { flags & 1 != 0 }
        /// Whether checksum and sizes stand behind the content (§4.3.9).
        var hasDescriptor: Bool { flags & 8 != 0 }
    }

    package let entries: [Entry]
    package let end: ZipEnd

    /// More than this of directory is no archive that a buyer wants; about half a million entries.
    private static let maximumDirectory = 32 << 20

    /// Throws ``Refusal`` `archive_damaged` for a file whose directory can't be read, as of a truncated ZIP.
    package init(_ file: FileReader) throws {
        end = try ZipEnd(file)
        guard end.length <= Self.maximumDirectory else {
            throw Refusal(
                "archive_too_many_entries", "The ZIP's directory has more than \(Self.maximumDirectory) bytes.")
        }
        entries = try Self.entries(file.bytes(at: end.start, count: Int(end.length)), count: end.entries)
    }

    /// The names in their order, with U+FFFD for what is no UTF-8.
    package var names: [String] { entries.map { String(decoding: $0.name, as: UTF8.self) } }

    private static func entries(_ directory: [UInt8], count: UInt64) throws -> [Entry] {
        var entries: [Entry] = []
        var offset = 0
        while offset < directory.count {
            guard let (entry, length) = entry(in: directory, at: offset) else {
                throw damaged("its directory is broken after \(entries.count) entries")
            }
            entries.append(entry)
            offset += length
        }
        guard UInt64(entries.count) == count else {
            throw damaged("its directory has \(entries.count) entries instead of \(count)")
        }
        return entries
    }

    /// The entry that begins at `offset`, and its bytes in the directory.
    private static func entry(in directory: [UInt8], at offset: Int) -> (Entry, length: Int)? {
        func field(_ width: Int, _ place: Int) -> UInt64? { directory.little(width, at: offset + place) }
        guard field(4, 0) == 0x0201_4B50, let flags = field(2, 8), let method = field(2, 10),
            let packed = field(4, 20), let unpacked = field(4, 24), let name = field(2, 28).map({ Int($0) }),
            let extra = field(2, 30).map({ Int($0) }), let comment = field(2, 32), let local = field(4, 42),
            offset + 46 + name + extra + Int(comment) <= directory.count
        else { return nil }
        let start = offset + 46
        var entry = Entry(
            name: Array(directory[start..<(start + name)]), flags: flags, method: method, packed: packed,
            unpacked: unpacked, offset: local)
        let fields = Array(directory[(start + name)..<(start + name + extra)])
        guard entry.widen(by: fields) else { return nil }
        return (entry, 46 + name + extra + Int(comment))
    }

    static func damaged(_ detail: String) -> Refusal {
        Refusal("archive_damaged", "The ZIP is damaged or incomplete: \(detail).")
    }
}

extension ZipDirectory.Entry {
    /// Takes the numbers that did not fit from the ZIP64 field (§4.5.3); false when they are not there.
    fileprivate mutating func widen(by extra: [UInt8]) -> Bool {
        let full: UInt64 = 0xFFFF_FFFF
        guard unpacked == full || packed == full || offset == full else { return true }
        var at = 0
        while let id = extra.little(2, at: at), let size = extra.little(2, at: at + 2) {
            guard id == 1 else {
                at += 4 + Int(size)
                continue
            }
            var next = at + 4
            for number in [\Self.unpacked, \Self.packed, \Self.offset] where self[keyPath: number] == full {
                guard next + 8 <= at + 4 + Int(size), let wide = extra.little(8, at: next) else { return false }
                self[keyPath: number] = wide
                next += 8
            }
            return true
        }
        // A number that is just that, without the field.
        return true
    }
}
