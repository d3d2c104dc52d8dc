import Marketplace

/// One format, by its names and by what libmagic calls it.
struct FileType: Sendable {
    /// The canonical media type.
    var mediaType: String
    var kind: FileKind
    /// File name extensions in lower case.
    var extensions: [String]
    /// Other media types that sellers' programs send for it.
    var aliases: [String] = []
    /// What libmagic 5.44 says of its content besides ``mediaType`` and ``aliases``; `text/*` stands for all text.
    var detected: [String] = []

    func matches(_ type: String) -> Bool {
        ([mediaType] + aliases + detected).contains { pattern in
            pattern == type || (pattern.hasSuffix("/*") && type.hasPrefix(pattern.dropLast()))
        }
    }

    func isDeclared(by type: String) -> Bool {
        mediaType == type || aliases.contains(type)
    }
}

/// What a file turned out to be.
struct ResolvedType: Sendable, Equatable {
    var mediaType: String
    var kind: FileKind
}

extension FileType {
    /// Compares the content's type with the name and the declaration, as far as those are known here.
    ///
    /// A name or a declaration that says nothing (no extension, `application/octet-stream`) is compared with nothing.
    static func resolve(detected: String, filename: String, declared: String) throws -> ResolvedType {
        let named = types(named: filename)
        if !named.isEmpty, !named.contains(where: { $0.matches(detected) }) {
            throw Rejection(
                "type_mismatch",
                "The file is named \(filename.debugDescription), but its content is \(detected).")
        }
        let declaration = normalized(declared)
        let claimed = all.filter { $0.isDeclared(by: declaration) }
        if !claimed.isEmpty, !claimed.contains(where: { $0.matches(detected) }) {
            throw Rejection(
                "type_mismatch", "The file was declared as \(declaration), but its content is \(detected).")
        }
        // The name says most precisely what a format is for: libmagic sees a ZIP in a comic book.
        let type =
            named.first { $0.matches(detected) } ?? claimed.first { $0.matches(detected) }
            ?? all.first { $0.isDeclared(by: detected) }
        guard let type else { return ResolvedType(mediaType: detected, kind: kind(of: detected)) }
        // Text has one entry for many formats; elsewhere the one name of a format is better than libmagic's.
        let isText = type.mediaType.hasPrefix("text/")
        return ResolvedType(mediaType: isText ? detected : type.mediaType, kind: type.kind)
    }

    private static func types(named filename: String) -> [FileType] {
        guard let dot = filename.lastIndex(of: ".") else { return [] }
        let suffix = filename[filename.index(after: dot)...].lowercased()
        return all.filter { $0.extensions.contains(suffix) }
    }

    private static func normalized(_ declared: String) -> String {
        let type = declared.prefix { $0 != ";" }.lowercased()
        return String(type.filter { $0 != " " && $0 != "\t" })
    }

    private static func kind(of type: String) -> FileKind {
        switch type.prefix(while: { $0 != "/" }) {
        case "image": .image
        case "audio": .audio
        case "video": .video
        case "font": .font
        case "text": .document
        default: .other
        }
    }
}
