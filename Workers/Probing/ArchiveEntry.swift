import CArchive
import Glibc

/// An entry as libarchive's header has it.
struct ArchiveEntry {
    enum Kind: String {
        case file, folder, link
        /// A device, pipe or socket.
        case special
    }

    let name: EntryName
    let kind: Kind
    /// What the header says; -1 when it says nothing.
    let declaredSize: Int64
    let isEncrypted: Bool
    private let symbolicTarget: [UInt8]?
    private let hardTarget: [UInt8]?

    init(_ header: OpaquePointer, outer: String) {
        name = EntryName(Self.bytes(archive_entry_pathname(header)) ?? [], within: outer)
        hardTarget = Self.bytes(archive_entry_hardlink(header))
        symbolicTarget = Self.bytes(archive_entry_symlink(header))
        isEncrypted = archive_entry_is_encrypted(header) != 0
        declaredSize = archive_entry_size_is_set(header) != 0 ? archive_entry_size(header) : -1
        switch UInt32(archive_entry_filetype(header)) & 0o170000 {
        case 0o120000: kind = .link
        case 0o040000: kind = .folder
        case 0o020000, 0o060000, 0o010000, 0o140000: kind = .special
        default: kind = hardTarget == nil || declaredSize > 0 ? .file : .link
        }
    }

    /// Throws ``Refusal`` for what must not be unpacked.
    func check(_ links: inout LinkTable) throws {
        try name.check()
        if kind == .special {
            throw Refusal("archive_special_file", "The entry \(name.quoted) is a device, pipe or socket.")
        }
        if let hardTarget {
            try links.add(hard: name, target: hardTarget)
        } else if kind == .link {
            try links.add(symbolic: name, target: symbolicTarget ?? [])
        } else if kind == .file, links.has(name) {
            throw Refusal(
                "archive_link_unsafe",
                "The entry \(name.quoted) has the name of a link, and would be written through it.")
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
        text.map { Array(UnsafeBufferPointer(start: $0, count: strlen($0))).map { UInt8(bitPattern: $0) } }
    }
}
