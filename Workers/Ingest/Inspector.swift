import Marketplace
import NIOCore

/// Looks at one file on disk; knows nothing of queues and stores.
struct Inspector: Sendable {
    let limits: ProbeLimits
    let scratch: ScratchArea
    let sniffer = TypeSniffer()

    /// Throws ``Rejection`` for a file that can't be sold, and any other error when the machinery failed.
    func inspect(_ path: String, as claims: Claims) async throws -> Findings {
        var checks: [UploadReport.Check] = []
        let digest = try await FileDigest.compute(path)
        try compare(digest, claims, &checks)
        let type = try await type(of: path, claims, &checks)
        var report = UploadReport(
            sha256: digest.sha256, detectedType: type.mediaType, kind: type.kind, size: digest.size)
        var previews: [(Thumbnail, ByteBuffer)] = []
        if PictureProbe.canDecode(type.mediaType) {
            let picture = try await PictureProbe(limits: limits, scratch: scratch).run(path)
            report.width = picture.width
            report.height = picture.height
            report.thumbnails = picture.previews.map(\.0)
            report.placeholder = picture.placeholder
            previews = picture.previews
            checks.append(
                .init(
                    name: "picture", result: "passed",
                    detail: "\(picture.width) × \(picture.height) pixels; previews carry no metadata."))
        } else if claims.isCover {
            throw Rejection(
                "cover_not_picture",
                "A cover is a JPEG, PNG, WebP, GIF, TIFF, HEIF or AVIF picture; this is \(type.mediaType).")
        } else if type.kind == .image {
            checks.append(.init(name: "picture", result: "skipped", detail: "No previews of \(type.mediaType)."))
        }
        // A scanner comes with a later issue; until then nobody may take the file for scanned.
        checks.append(.init(name: "malware", result: "skipped", detail: "No scanner is configured: unscanned."))
        report.checks = checks
        return Findings(report: report, previews: previews)
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

    private func type(
        of path: String, _ claims: Claims, _ checks: inout [UploadReport.Check]
    ) async throws -> ResolvedType {
        var detected = try await sniffer.mediaType(of: path)
        if detected == "application/zip" {
            let names = try await ZipDirectory.entryNames(of: path)
            detected = FileType.refine(zip: names)
            checks.append(.init(name: "archive", result: "passed", detail: "\(names.count) entries."))
        }
        let type = try FileType.resolve(detected: detected, filename: claims.filename, declared: claims.contentType)
        checks.append(.init(name: "type", result: "passed", detail: "The content is \(detected)."))
        return type
    }
}
