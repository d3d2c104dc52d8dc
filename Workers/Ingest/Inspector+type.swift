import Marketplace
import Probing

extension Inspector {
    /// Compares what the content is with the name and the declaration, and notes what a file is besides.
    func type(
        _ sniffed: TypeAnswer, _ claims: Claims, _ checks: inout [UploadReport.Check]
    ) throws -> ResolvedType {
        let detected = sniffed.mediaType
        let type = try FileType.resolve(detected: detected, filename: claims.filename, declared: claims.contentType)
        let encoding = sniffed.encoding.map { ", encoded as \($0)" } ?? ""
        checks.append(.init(name: "type", result: "passed", detail: "The content is \(detected)\(encoding)."))
        if let entries = sniffed.hiddenZipEntries {
            checks.append(
                .init(
                    name: "polyglot", result: "flagged",
                    detail: "Besides, it is a ZIP of \(entries) entries for whoever reads it from its end."))
        }
        if !sniffed.active.isEmpty {
            checks.append(
                .init(
                    name: "active_content", result: "flagged",
                    detail: "It may have \(sniffed.active.joined(separator: " and ")); it is only ever sent as a "
                        + "download, and never shown in a page."))
        }
        return type
    }
}
