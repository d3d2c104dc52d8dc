/// What a terminal can show, as its environment says.
public struct TerminalFeatures: Sendable, Hashable {
    /// Whether it moves its cursor, so that a screen can be drawn on it.
    public var movesCursor: Bool
    /// Whether colours are wanted; see <https://no-color.org>.
    public var hasColors: Bool
    /// Whether it shows characters beyond ASCII.
    public var hasUnicode: Bool

    /// Creates features.
    public init(movesCursor: Bool = true, hasColors: Bool = true, hasUnicode: Bool = true) {
        self.movesCursor = movesCursor
        self.hasColors = hasColors
        self.hasUnicode = hasUnicode
    }

    /// Reads `TERM`, `NO_COLOR`, and the locale: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let term = value("TERM") ?? "dumb"
        movesCursor = term != "dumb" && term != "unknown"
        hasColors = value("NO_COLOR") == nil && !term.hasPrefix("vt")
        let locale = (value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? "").lowercased()
        hasUnicode = locale.contains("utf-8") || locale.contains("utf8")
    }
}
