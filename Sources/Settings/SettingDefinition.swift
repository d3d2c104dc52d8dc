/// One setting: its key, its default, what is allowed, and one line that says what it does.
public struct SettingDefinition: Sendable {
    /// What a setting's text may be.
    public enum Rule: Sendable {
        /// Any text; `emptyAllowed` says whether it may be empty.
        case text(emptyAllowed: Bool)
        /// A path; a relative one is taken below `data`.
        case path(emptyAllowed: Bool)
        /// A whole number within the range.
        case integer(ClosedRange<Int64>)
        /// `true` or `false`.
        case boolean
        /// One of the words.
        case oneOf([String])
        /// An absolute `http` or `https` URL without a path.
        case origin
        /// `host:port`, or empty.
        case endpoint
        /// `tcp://host:port`, `unix:/path`, or empty.
        case scanner
        /// Any number of `host:port`, separated by commas.
        case endpoints
    }

    /// The dotted key, as in `Config/sunset.yaml`.
    public let key: String
    /// The text that holds where nothing else is given.
    public let standard: String
    /// What is allowed.
    public let rule: Rule
    /// What the setting does, in one line.
    public let summary: String

    init(_ key: String, _ standard: String, _ rule: Rule, _ summary: String) {
        self.key = key
        self.standard = standard
        self.rule = rule
        self.summary = summary
    }

    /// The environment variable that overrides the setting: `api.public_url` → `SUNSET_API_PUBLIC_URL`.
    public var environmentVariable: String {
        "SUNSET_" + key.uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    }

    /// The command-line flag that overrides the setting: `api.public_url` → `--api-public-url`.
    public var flag: String {
        "--" + key.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
    }

    /// Says in words what is allowed, or `nil` if `text` is.
    func complaint(about text: String) -> String? {
        switch rule {
        case .text(let emptyAllowed), .path(let emptyAllowed):
            guard !emptyAllowed, text.isEmpty else { return nil }
            return "a text that is not empty"
        case .integer(let range):
            if let number = Int64(text), range.contains(number) { return nil }
            return "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean:
            return text == "true" || text == "false" ? nil : "true or false"
        case .oneOf(let words):
            return words.contains(text) ? nil : "one of " + words.joined(separator: ", ")
        case .origin:
            return Self.isOrigin(text) ? nil : "a URL of the form http://host:port or https://host, without a path"
        case .endpoint:
            return text.isEmpty || Self.isEndpoint(text[...]) ? nil : "host:port, or empty"
        case .scanner:
            let isTCP = text.hasPrefix("tcp://") && Self.isEndpoint(text.dropFirst("tcp://".count))
            let isSocket = text.hasPrefix("unix:/") && text.utf8.count < 113
            return text.isEmpty || isTCP || isSocket ? nil : "tcp://host:port, unix:/path, or empty"
        case .endpoints:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            if text.isEmpty || parts.allSatisfy({ Self.isEndpoint($0) }) { return nil }
            return "host:port, several separated by commas without spaces, or empty"
        }
    }

    private static func isEndpoint(_ text: Substring) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            return false
        }
        return colon > text.startIndex && (1...65_535).contains(port) && !text.contains { $0.isWhitespace }
    }

    private static func isOrigin(_ text: String) -> Bool {
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count)
            return !host.isEmpty
                && !host.contains { $0 == "/" || $0 == "?" || $0 == "#" || $0.isWhitespace || $0 == "@" }
        }
        return false
    }
}
