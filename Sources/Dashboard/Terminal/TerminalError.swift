import Glibc

/// The terminal can't be used.
public struct TerminalError: Error, Sendable, CustomStringConvertible {
    /// What was wrong, and what is allowed.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    init(call: String, code: Int32) {
        description = "\(call) failed: \(String(cString: strerror(code)))"
    }
}
