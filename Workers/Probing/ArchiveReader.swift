import CArchive

/// Opens an archive with the formats and filters that belong to a type, and no others: libarchive would run programs
/// for some filters, and read much as an archive that nobody took for one.
final class ArchiveReader {
    /// What an archive's first bytes say.
    enum Magic: String {
        case zip, tar, rar
        case sevenZip = "7z"
        /// One compressed stream, of a tar or of anything else.
        case stream
    }

    let archive: OpaquePointer
    /// Held while libarchive may call back.
    private let data: EntryData?

    /// A file.
    init(path: String, magic: Magic) throws {
        archive = try Self.make(magic, canSeek: true)
        data = nil
        guard archive_read_open_filename(archive, path, 256 << 10) == ARCHIVE_OK else { throw Unreadable(archive) }
    }

    /// An entry of another archive.
    init(data: EntryData, magic: Magic) throws {
        archive = try Self.make(magic, canSeek: false)
        self.data = data
        let code = archive_read_open(
            archive, Unmanaged.passUnretained(data).toOpaque(), nil,
            { _, source, target in
                guard let source, let target else { return -1 }
                return Unmanaged<EntryData>.fromOpaque(source).takeUnretainedValue().give(target)
            }, nil)
        guard code == ARCHIVE_OK else { throw Unreadable(archive) }
    }

    deinit {
        archive_read_free(archive)
    }

    /// Filters on top of one another: 1 for a tar.gz, 0 for a tar.
    var filters: Int { max(0, Int(archive_filter_count(archive)) - 1) }

    /// As `gz`; of several filters as `gz.xz`.
    var streamFormat: String {
        let suffixes = ["gzip": "gz", "bzip2": "bz2", "zstd": "zst", "compress (.Z)": "Z"]
        let names = (0..<Int32(filters)).reversed().map { filter in
            archive_filter_name(archive, filter).map { String(cString: $0) } ?? "?"
        }
        return names.map { suffixes[$0] ?? $0 }.joined(separator: ".")
    }

    /// What the first bytes of something say that it is; nil for no archive.
    static func magic(_ head: [UInt8]) -> Magic? {
        func has(_ bytes: [UInt8]) -> Bool { head.starts(with: bytes) }
        if has([0x50, 0x4B, 3, 4]) || has([0x50, 0x4B, 5, 6]) { return .zip }
        if has([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return .sevenZip }
        if has(Array("Rar!\u{1A}\u{7}".utf8)) { return .rar }
        let streams: [[UInt8]] = [
            [0x1F, 0x8B], Array("BZh".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], [0x28, 0xB5, 0x2F, 0xFD],
            [4, 0x22, 0x4D, 0x18], [0x1F, 0x9D], Array("LZIP".utf8),
        ]
        if streams.contains(where: has) { return .stream }
        return head.count >= 262 && Array(head[257..<262]) == Array("ustar".utf8) ? .tar : nil
    }

    private static func make(_ magic: Magic, canSeek: Bool) throws -> OpaquePointer {
        guard let archive = archive_read_new() else { throw ProbeFailure("archive_read_new failed") }
        switch magic {
        case .zip:
            if canSeek {
                archive_read_support_format_zip_seekable(archive)
            } else {
                archive_read_support_format_zip_streamable(archive)
            }
        case .tar:
            archive_read_support_format_tar(archive)
        case .sevenZip:
            archive_read_support_format_7zip(archive)
        case .rar:
            archive_read_support_format_rar(archive)
            archive_read_support_format_rar5(archive)
        case .stream:
            for filter in [
                archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
                archive_read_support_filter_zstd, archive_read_support_filter_lz4, archive_read_support_filter_lzip,
                archive_read_support_filter_compress,
            ] {
                _ = filter(archive)
            }
            // Not as a tar at once: of a stream that begins like one, what follows the tar's end would go unmeasured.
            archive_read_support_format_raw(archive)
            archive_read_support_format_empty(archive)
        }
        return archive
    }
}
