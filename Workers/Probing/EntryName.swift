/// A name in an archive, by its bytes, and what it must not be.
struct EntryName {
    /// What macOS allows of a path (PATH_MAX), the least of the systems in use.
    static let longestPath = 1024
    /// What file systems allow of one name (NAME_MAX).
    static let longestPart = 255

    let bytes: [UInt8]
    /// What the entry's archive is called in sentences: nothing, or the path of an archive inside.
    let outer: String

    init(_ bytes: [UInt8], within outer: String = "") {
        self.bytes = bytes
        self.outer = outer
    }

    /// Whether the name is UTF-8.
    var isUnicode: Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// The text, with U+FFFD for what is no UTF-8.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The path for the reader of a sentence.
    var quoted: String { Self.quoted(path) }

    /// The path through the archives.
    var path: String { outer.isEmpty ? text : "\(outer)/\(text)" }

    static func quoted(_ text: String) -> String {
        let shown = text.count <= 120 ? text : text.prefix(60) + "…" + text.suffix(59)
        return shown.debugDescription
    }

    /// Throws ``Refusal`` for a name that a careless program would unpack to another place, or could not unpack.
    func check() throws {
        guard !bytes.isEmpty else { throw Refusal("archive_name_invalid", "The archive has an entry without a name.") }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw Refusal("archive_name_invalid", "The name of the entry \(quoted) has control characters.")
        }
        try checkPlace(what: "The entry \(quoted)")
        if parts.contains(where: { $0.elementsEqual("..".utf8) }) {
            throw Refusal("archive_path_unsafe", "The entry \(quoted) would leave the folder that it is unpacked to.")
        }
        if bytes.count > Self.longestPath {
            throw Refusal(
                "archive_name_too_long",
                "The path of the entry \(quoted) has \(bytes.count) bytes; at most \(Self.longestPath) are allowed.")
        }
        if parts.contains(where: { $0.count > Self.longestPart }) {
            throw Refusal(
                "archive_name_too_long",
                "A name in the path of the entry \(quoted) has more than \(Self.longestPart) bytes.")
        }
    }

    /// What holds for the target of a link, too.
    func checkPlace(what: String, code: String = "archive_path_unsafe") throws {
        if bytes.first == UInt8(ascii: "/") {
            throw Refusal(code, "\(what) has an absolute path.")
        }
        if bytes.count >= 2, bytes[1] == UInt8(ascii: ":"), (0x61...0x7A).contains(bytes[0] | 0x20) {
            throw Refusal(code, "\(what) names a drive.")
        }
        // Windows takes it for a separator, and so it may hide all of the above.
        if bytes.contains(UInt8(ascii: "\\")) {
            throw Refusal(code, "\(what) has a backslash in its path.")
        }
    }

    private var parts: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }
}
