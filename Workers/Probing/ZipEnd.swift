/// Where a ZIP's central directory lies, from the record at the end of the file (APPNOTE §4.3.14 to §4.3.16).
package struct ZipEnd {
    /// Of the directory in the file.
    var start: Int64
    var length: Int64
    var entries: UInt64
    /// Bytes before the archive, as of a self-extracting one; the archive's own offsets count from there.
    package var base: Int64

    /// Throws ``Refusal`` `archive_damaged`.
    init(_ file: FileReader) throws {
        // The end record is 22 bytes and a comment of up to 65,535; the ZIP64 locator before it has 20.
        let tailSize = Int(min(file.size, 22 + 65_535 + 20))
        let tail = try file.bytes(at: file.size - Int64(tailSize), count: tailSize)
        guard let position = try Self.position(tail) else { throw ZipDirectory.damaged("it has no directory") }
        guard let entries = tail.little(2, at: position + 10), let length = tail.little(4, at: position + 12),
            let offset = tail.little(4, at: position + 16)
        else { throw ZipDirectory.damaged("its end is broken") }
        self.entries = entries
        self.length = Int64(length)
        var offsetOfDirectory = Int64(offset)
        var end = file.size - Int64(tail.count) + Int64(position)
        if entries == 0xFFFF || length == 0xFFFF_FFFF || offset == 0xFFFF_FFFF,
            let large = try Self.large(tail, before: position, at: end, file)
        {
            self.entries = large.entries
            self.length = large.length
            offsetOfDirectory = large.offset
            end = large.position
        }
        // Counted back from its end and not from its offset: what stands before the archive moves it.
        guard self.length >= 0, self.length <= end, offsetOfDirectory >= 0, offsetOfDirectory <= end - self.length
        else { throw ZipDirectory.damaged("its directory does not lie where its end says") }
        start = end - self.length
        base = start - offsetOfDirectory
    }

    /// The last end record whose comment reaches the end of the file.
    private static func position(_ tail: [UInt8]) throws -> Int? {
        guard tail.count >= 22 else { return nil }
        var followed: Int?
        for position in (0...(tail.count - 22)).reversed()
        where tail[position] == 0x50 && tail.little(4, at: position) == 0x0605_4B50 {
            let rest = tail.count - position - 22 - Int(tail.little(2, at: position + 20) ?? 0)
            if rest == 0 { return position }
            if rest > 0, followed == nil { followed = rest }
        }
        if let followed { throw ZipDirectory.damaged("\(followed) bytes follow its end") }
        return nil
    }

    private static func large(
        _ tail: [UInt8], before position: Int, at end: Int64, _ file: FileReader
    ) throws -> (entries: UInt64, length: Int64, offset: Int64, position: Int64)? {
        guard position >= 20, tail.little(4, at: position - 20) == 0x0706_4B50,
            let claimed = tail.little(8, at: position - 12).flatMap({ Int64(exactly: $0) })
        else { return nil }
        // Where it says, or right before the locator when something stands before the archive.
        for place in [claimed, end - 20 - 56] {
            let record = try file.bytes(at: place, count: 56)
            guard record.little(4, at: 0) == 0x0606_4B50, let entries = record.little(8, at: 32),
                let length = record.little(8, at: 40).flatMap({ Int64(exactly: $0) }),
                let offset = record.little(8, at: 48).flatMap({ Int64(exactly: $0) })
            else { continue }
            return (entries, length, offset, place)
        }
        return nil
    }
}
