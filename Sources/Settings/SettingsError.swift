/// Everything that is wrong with a configuration, each entry with its key, its value and what is allowed.
public struct SettingsError: Error, CustomStringConvertible, Sendable {
    /// One sentence for each thing that is wrong.
    public let problems: [String]

    /// The sentences, one a line.
    public var description: String {
        "the configuration is not usable:\n" + problems.map { "  - " + $0 }.joined(separator: "\n")
    }
}
