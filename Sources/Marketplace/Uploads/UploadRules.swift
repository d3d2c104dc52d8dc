import Foundation

/// What an upload's announcement has to look like.
enum UploadRules {
    static func check(_ upload: NewUpload, configuration: MarketplaceConfiguration) throws {
        var fields: [MarketplaceError.Field] = []
        if let problem = filenameProblem(upload.filename) { fields.append(problem) }
        let limit = upload.purpose == .file ? configuration.maximumFileBytes : configuration.maximumCoverBytes
        if upload.size < 1 {
            fields.append(.init(pointer: "/size", code: "file_empty", detail: "A file has at least one byte."))
        } else if upload.size > limit {
            fields.append(
                .init(pointer: "/size", code: "file_too_large", detail: "A file here has at most \(limit) bytes."))
        }
        if !isMediaType(upload.contentType) {
            fields.append(
                .init(
                    pointer: "/content_type", code: "content_type_invalid",
                    detail: "This is not a media type such as application/pdf."))
        } else if upload.purpose == .cover, !upload.contentType.lowercased().hasPrefix("image/") {
            fields.append(
                .init(pointer: "/content_type", code: "cover_not_image", detail: "A cover is a picture: image/…"))
        }
        if let problem = sha256Problem(upload.sha256) { fields.append(problem) }
        guard fields.isEmpty else { throw MarketplaceError.invalid(fields) }
    }

    /// What is wrong with a name.
    ///
    /// It is refused and not repaired: a seller who sees another name than was sent would look for the fault at the
    /// wrong end. It is never part of a path here, but it will be one on the buyer's disk.
    private static func filenameProblem(_ name: String) -> MarketplaceError.Field? {
        func problem(_ code: String, _ detail: String) -> MarketplaceError.Field {
            .init(pointer: "/filename", code: code, detail: detail)
        }
        let shown = name.trimmingCharacters(in: .whitespaces)
        if shown.isEmpty { return problem("filename_empty", "A file has a name.") }
        // What file systems allow: NAME_MAX of Linux, and of every other in use.
        if name.utf8.count > 255 {
            return problem(
                "filename_too_long", "A file name has at most 255 bytes of UTF-8; this has \(name.utf8.count).")
        }
        // By byte: a / with a combining accent behind it is one character to Swift, and a / to every file system.
        if name.utf8.contains(UInt8(ascii: "/")) || name.utf8.contains(UInt8(ascii: "\\")) {
            return problem("filename_has_path", "A file name has no / and no \\. Send the name without its folder.")
        }
        if name.hasControlCharacters {
            return problem("filename_has_controls", "A file name has no NUL and no other control characters.")
        }
        if shown == "." || shown == ".." { return problem("filename_reserved", "This name means a folder.") }
        return nil
    }

    /// RFC 9110 §8.3.1, with parameters, in the ASCII that a header takes.
    private static func isMediaType(_ text: String) -> Bool {
        guard text.utf8.count <= 127, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return false }
        let type = text.prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
        return type.count == 2
            && type.allSatisfy { part in
                let token = part.trimmingCharacters(in: .whitespaces).utf8
                return !token.isEmpty
                    && token.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "!#$&-^_.+".utf8.contains(byte)
                    }
            }
    }

    static func sha256Problem(_ sha256: String?) -> MarketplaceError.Field? {
        guard let sha256, !isSHA256(sha256) else { return nil }
        return .init(pointer: "/sha256", code: "sha256_invalid", detail: "A SHA-256 has 64 hexadecimal digits.")
    }

    private static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
            }
    }
}
