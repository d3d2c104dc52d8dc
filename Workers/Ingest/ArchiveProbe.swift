import Marketplace
import Probing

/// Unpacks archives to nowhere, in a bounded process: what is in them, and whether they should be unpacked at all.
///
/// What is a ZIP inside, as a book or a program, is held to the same rules, for it is unpacked as well.
struct ArchiveProbe: Probe {
    let limits: ProbeLimits
    let scratch: ScratchArea

    private static let types: Set<String> = [
        "application/zip", "application/x-tar", "application/gzip", "application/x-bzip2", "application/x-xz",
        "application/zstd", "application/x-7z-compressed", "application/vnd.rar", "application/x-rar",
        "application/x-lz4", "application/x-lzip", "application/lzip", "application/x-compress",
        // ZIPs by another name.
        "application/epub+zip", "application/vnd.comicbook+zip", "application/vnd.comicbook-rar",
        "application/java-archive", "application/vnd.android.package-archive",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
    ]

    /// Bytes of a file for which its probe gets a second more: bzip2, the slowest, reads some 10 MB of them in one.
    private static let bytesPerSecond: Int64 = 8 << 20

    func takes(_ type: ResolvedType) -> Bool {
        Self.types.contains(type.mediaType)
    }

    func run(_ file: ProbedFile) async throws -> Discovery {
        var bounds = limits
        let more = Duration.seconds(file.size / Self.bytesPerSecond)
        bounds.cpuTime += more
        bounds.wallTime += more * 3
        let archive = bounds.archive
        let found = try await ProbeProgram(limits: bounds, scratch: scratch).ask(
            "archive", file.path,
            ["\(archive.entries)", "\(archive.unpackedBytes)", "\(archive.ratio)", "\(archive.depth)"],
            for: ArchiveAnswer.self, beyondBounds: "archive_too_complex")
        var discovery = Discovery()
        let summary = "\(found.entries) entries, \(found.unpackedBytes) bytes unpacked."
        discovery.checks.append(
            .init(
                name: "archive", result: found.notes.isEmpty ? "passed" : "flagged",
                detail: ([summary] + found.notes).joined(separator: " ")))
        discovery.metadata.archive = ArchiveMetadata(
            format: found.format, entries: found.entries, unpackedBytes: found.unpackedBytes,
            encryptedEntries: found.encrypted, inspected: found.isWhole,
            listing: found.listing.map { .init(name: $0.name, type: $0.type, size: $0.size) })
        return discovery
    }
}
