import CArchive

/// The content of the entry that an archive stands at, counted as it is unpacked.
final class EntryData {
    private let archive: OpaquePointer
    private let name: EntryName
    private let totals: ArchiveTotals
    /// A tar's content was counted when the stream was unpacked that the tar is in; only holes come to it.
    private let isCounted: Bool
    private var counted: Int64 = 0
    private var given: Int64 = 0
    /// What was read ahead, to tell what it is.
    private(set) var head: [UInt8] = []
    private var headIsGiven = false
    private var extent: Int64 = 0
    private var isEnded = false
    /// Why reading ended inside a callback of libarchive's, where nothing can be thrown.
    private(set) var failure: (any Error)?

    init(_ archive: OpaquePointer, _ name: EntryName, _ totals: ArchiveTotals, isCounted: Bool) {
        self.archive = archive
        self.name = name
        self.totals = totals
        self.isCounted = isCounted
    }

    /// Bytes unpacked so far; holes of sparse files included.
    var size: Int64 { extent }

    /// Reads the first bytes, 512 of them if there are as many: a tar's magic stands at 257.
    func readHead() throws {
        while head.count < 512, let block = try next() {
            head += block
        }
    }

    /// Reads what is left, for its size.
    func drain() throws {
        while try next() != nil {}
    }

    /// What libarchive's read callback gives: the head, then block after block.
    func give(_ target: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        guard headIsGiven else {
            headIsGiven = true
            // The array stays as it is until the entry is done with, and so does its storage.
            return head.withUnsafeBytes { bytes in
                target.pointee = bytes.baseAddress
                return bytes.count
            }
        }
        do {
            guard let block = try next() else { return 0 }
            target.pointee = block.baseAddress
            return block.count
        } catch {
            failure = error
            return -1
        }
    }

    /// The next block that is not empty, valid until the one after it is asked for; nil at the end.
    private func next() throws -> UnsafeRawBufferPointer? {
        if let failure { throw failure }
        while !isEnded {
            var start: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let code = archive_read_data_block(archive, &start, &count, &offset)
            guard code == ARCHIVE_OK || code == ARCHIVE_EOF else { throw Unreadable(archive, entry: name) }
            isEnded = code == ARCHIVE_EOF
            let (end, overflow) = offset.addingReportingOverflow(isEnded ? 0 : Int64(count))
            guard !overflow else { throw Unreadable(message: "its size is beyond measure", entry: name) }
            extent = max(extent, end)
            given += isEnded ? 0 : Int64(count)
            let due = isCounted ? max(0, extent - given) : extent
            if due > counted {
                try totals.add(bytes: due - counted, of: name)
                counted = due
            }
            if !isEnded, count > 0 { return UnsafeRawBufferPointer(start: start, count: count) }
        }
        return nil
    }
}

/// What libarchive could not read.
struct Unreadable: Error {
    var message: String
    /// nil: the archive itself.
    var entry: EntryName?

    init(message: String, entry: EntryName? = nil) {
        self.message = message
        self.entry = entry
    }

    init(_ archive: OpaquePointer, entry: EntryName? = nil) {
        // Not every failure leaves a message.
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "it can't be read"
        message = String(text.prefix(200).filter { !$0.isNewline })
        self.entry = entry
    }

    /// Whether it is not the archive that is at fault, but that libarchive does not know how.
    var isUnsupported: Bool {
        ["nsupported", "not supported", "unavailable", "not implemented"].contains { message.contains($0) }
    }
}
