/// What a text would do where it is shown.
enum TextFacts {
    /// Bytes that are looked at.
    static let looked = 4 << 20

    /// Whether libmagic's type is one of text.
    static func isText(_ type: String) -> Bool {
        type.hasPrefix("text/")
            || [
                "image/svg+xml", "image/svg", "application/json", "application/xml", "application/javascript",
                "application/x-ndjson", "message/rfc822",
            ].contains(type)
    }

    /// What an SVG or HTML text would do in a browser, by signs that a harmless text may have as well.
    ///
    /// This is told to people; nothing is allowed because nothing was found. Such files are never shown inline.
    static func active(_ bytes: [UInt8]) -> [String] {
        let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self).lowercased()
        guard text.contains("<svg") || text.contains("<html") || text.contains("<!doctype html") else { return [] }
        var found: [String] = []
        let scripts = ["<script", "javascript:", " onload", " onclick", " onerror", "<foreignobject", "<iframe"]
        if scripts.contains(where: { text.contains($0) }) { found.append("scripts") }
        let references = ["href=\"http", "href='http", "src=\"http", "src='http", "url(http", "<!entity", "@import"]
        if references.contains(where: { text.contains($0) }) { found.append("external references") }
        return found
    }
}
