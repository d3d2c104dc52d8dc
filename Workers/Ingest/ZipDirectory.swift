import Glibc
import NIOPosix

/// Reads the names in a ZIP's central directory (APPNOTE 6.3.10 §4.3); nothing is decompressed.
enum ZipDirectory {
    /// More than this of directory is no archive that a buyer wants; about half a million entries.
    private static let maximumDirectory = 32 << 20

    /// Throws ``Rejection`` `archive_damaged` for a file whose directory can't be read, as of a truncated ZIP.
    static func entryNames(of path: String) async throws -> [String] {
        try await NIOThreadPool.singleton.runIfActive {
            let file = try OpenFile(path)
            let size = try file.size
            // The end record is 22 bytes and a comment of up to 65,535.
            let tailSize = Int(min(size, 22 + 65_535 + 20))
            let tail = try file.bytes(at: size - Int64(tailSize), count: tailSize)
            guard let end = End(tail: tail, size: size, file: file) else { throw damaged("it has no directory") }
            guard end.length <= maximumDirectory else {
                throw Rejection("archive_too_large", "The ZIP's directory has more than \(maximumDirectory) bytes.")
            }
            return try names(try file.bytes(at: end.start, count: Int(end.length)), count: end.entries)
        }
    }

    /// The names in the bytes of a central directory.
    static func names(_ directory: [UInt8], count: UInt64) throws -> [String] {
        var names: [String] = []
        var offset = 0
        while offset < directory.count {
            guard let signature = directory.little(4, at: offset), signature == 0x0201_4B50,
                let name = directory.little(2, at: offset + 28), let extra = directory.little(2, at: offset + 30),
                let comment = directory.little(2, at: offset + 32),
                offset + 46 + Int(name) + Int(extra) + Int(comment) <= directory.count
            else { throw damaged("its directory is broken after \(names.count) entries") }
            let start = offset + 46
            names.append(String(decoding: directory[start..<(start + Int(name))], as: UTF8.self))
            offset = start + Int(name) + Int(extra) + Int(comment)
        }
        guard UInt64(names.count) == count else {
            throw damaged("its directory has \(names.count) entries instead of \(count)")
        }
        return names
    }

    private static func damaged(_ detail: String) -> Rejection {
        Rejection("archive_damaged", "The ZIP is damaged or incomplete: \(detail).")
    }
}

extension ZipDirectory {
    /// Where the central directory lies, from the record at the end of the file.
    private struct End {
        var start: Int64
        var length: Int64
        var entries: UInt64

        init?(tail: [UInt8], size: Int64, file: OpenFile) {
            guard let position = Self.position(tail) else { return nil }
            let absolute = size - Int64(tail.count) + Int64(position)
            guard let entries = tail.little(2, at: position + 10), let length = tail.little(4, at: position + 12),
                let offset = tail.little(4, at: position + 16)
            else { return nil }
            self.entries = entries
            self.length = Int64(length)
            var end = absolute
            if entries == 0xFFFF || length == 0xFFFF_FFFF || offset == 0xFFFF_FFFF,
                let large = Self.zip64(tail, before: position, file: file)
            {
                self.entries = large.entries
                self.length = large.length
                end = large.position
            }
            // Counted back from its end and not from `offset`: what stands before a self-extracting archive moves it.
            start = end - self.length
            guard self.length >= 0, start >= 0 else { return nil }
        }

        /// The last end record whose comment reaches the end of the file.
        private static func position(_ tail: [UInt8]) -> Int? {
            guard tail.count >= 22 else { return nil }
            return (0...(tail.count - 22)).reversed().first { position in
                tail[position] == 0x50 && tail.little(4, at: position) == 0x0605_4B50
                    && tail.little(2, at: position + 20) == UInt64(tail.count - position - 22)
            }
        }

        private static func zip64(
            _ tail: [UInt8], before position: Int, file: OpenFile
        ) -> (entries: UInt64, length: Int64, position: Int64)? {
            guard position >= 20, tail.little(4, at: position - 20) == 0x0706_4B50,
                let offset = tail.little(8, at: position - 12).flatMap({ Int64(exactly: $0) }),
                // A file that can't be read any more fails with the next call, too.
                let record = try? file.bytes(at: offset, count: 56), record.little(4, at: 0) == 0x0606_4B50,
                let entries = record.little(8, at: 32),
                let length = record.little(8, at: 40).flatMap({ Int64(exactly: $0) })
            else { return nil }
            return (entries, length, offset)
        }
    }
}

extension [UInt8] {
    /// A little-endian number of 2, 4 or 8 bytes; nil beyond the end.
    fileprivate func little(_ width: Int, at offset: Int) -> UInt64? {
        guard offset >= 0, offset + width <= count else { return nil }
        return (0..<width).reversed().reduce(0) { $0 << 8 | UInt64(self[offset + $1]) }
    }
}
