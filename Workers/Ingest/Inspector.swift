import Clamd
import Marketplace
import NIOCore

/// Looks at one file on disk; knows nothing of queues and stores.
struct Inspector: Sendable {
    let scratch: ScratchArea
    let sniffer: TypeSniffer
    /// Asked in this order, each one for the types that it takes.
    let probes: [any Probe]

    /// nil: files are not scanned for malware.
    let scanner: MalwareScanner?

    init(limits: ProbeLimits, scratch: ScratchArea, scanner: MalwareScanner? = nil) {
        self.scratch = scratch
        self.scanner = scanner
        sniffer = TypeSniffer(limits: limits, scratch: scratch)
        probes = [
            // First: what must not be unpacked is not to be read by another probe.
            ArchiveProbe(limits: limits, scratch: scratch),
            PictureProbe(limits: limits, scratch: scratch),
        ]
    }

    /// Throws ``Rejection`` for a file that can't be sold, and any other error when the machinery failed.
    func inspect(_ path: String, as claims: Claims) async throws -> Findings {
        var checks: [UploadReport.Check] = []
        async let sniffed = sniffer.look(at: path)
        let digest = try await FileDigest.compute(path)
        try compare(digest, claims, &checks)
        let type = try type(try await sniffed, claims, &checks)
        if claims.isCover, !PictureProbe.canDecode(type.mediaType) {
            throw Rejection(
                "cover_not_picture",
                "A cover is a JPEG, PNG, WebP, GIF, TIFF, HEIF or AVIF picture; this is \(type.mediaType).")
        }
        var report = UploadReport(
            sha256: digest.sha256, detectedType: type.mediaType, kind: type.kind, size: digest.size, checks: checks)
        try await scan(path, claims, &report)
        var findings = Findings(report: report)
        let file = ProbedFile(path: path, size: digest.size, type: type, claims: claims)
        for probe in probes where probe.takes(type) {
            findings.add(try await probe.run(file))
        }
        return findings
    }

    private func compare(_ digest: FileDigest, _ claims: Claims, _ checks: inout [UploadReport.Check]) throws {
        guard digest.size == claims.size else {
            throw Rejection(
                "size_mismatch", "The file has \(digest.size) bytes, but \(claims.size) were announced.")
        }
        checks.append(.init(name: "size", result: "passed", detail: "\(digest.size) bytes."))
        guard let declared = claims.sha256, !declared.isEmpty else {
            checks.append(.init(name: "sha256", result: "skipped", detail: "No checksum was declared."))
            return
        }
        guard digest.sha256 == declared.lowercased() else {
            throw Rejection(
                "checksum_mismatch",
                "The stored file's SHA-256 is \(digest.sha256), but \(declared.lowercased()) was declared.")
        }
        checks.append(.init(name: "sha256", result: "passed", detail: "As declared."))
    }
}

/// What was found out about a file, and the previews that are to be published.
struct Findings: Sendable {
    var report: UploadReport
    var thumbnails: [(Thumbnail, ByteBuffer)] = []
    var previews: [(Preview, ByteBuffer)] = []

    init(report: UploadReport) {
        self.report = report
    }

    /// Adds what a probe found; of pictures that stand for the file the first probe's stay.
    mutating func add(_ discovery: Discovery) {
        report.checks += discovery.checks
        report.width = report.width ?? discovery.width
        report.height = report.height ?? discovery.height
        let metadata = discovery.metadata.filling(report.metadata)
        report.metadata = metadata == FileMetadata() ? nil : metadata
        if thumbnails.isEmpty {
            thumbnails = discovery.thumbnails
            report.placeholder = discovery.placeholder
        }
        previews += discovery.previews
        report.thumbnails = thumbnails.map(\.0)
        report.previews = previews.map(\.0)
    }
}
