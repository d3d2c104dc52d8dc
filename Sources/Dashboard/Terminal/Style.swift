/// How a cell of the screen looks.
public struct Style: Sendable, Hashable {
    /// The terminal's own colours, so that its theme decides.
    public enum Color: Int, Sendable, Hashable {
        /// Trouble.
        case red = 31
        /// In order.
        case green = 32
        /// To be looked at.
        case yellow = 33
        /// Links to elsewhere.
        case cyan = 36
    }

    /// The colour; `nil` for the terminal's own.
    public var color: Color?
    /// Whether it is bright or heavy.
    public var isBold: Bool
    /// Whether it is faint.
    public var isDim: Bool
    /// Whether text and background are exchanged.
    public var isReversed: Bool

    /// Creates a style.
    public init(_ color: Color? = nil, bold: Bool = false, dim: Bool = false, reversed: Bool = false) {
        self.color = color
        isBold = bold
        isDim = dim
        isReversed = reversed
    }

    /// The terminal's own look.
    public static let plain = Style()
    /// Bright or heavy.
    public static let bold = Style(bold: true)
    /// Faint.
    public static let dim = Style(dim: true)

    /// The escape sequence that selects it (ECMA-48 §8.3.117), from whatever was selected before.
    func sequence(colors: Bool) -> String {
        var codes = ["0"]
        if isBold { codes.append("1") }
        if isDim { codes.append("2") }
        if isReversed { codes.append("7") }
        if colors, let color { codes.append("\(color.rawValue)") }
        return "\u{1B}[" + codes.joined(separator: ";") + "m"
    }
}
