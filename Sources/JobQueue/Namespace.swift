/// An installation's part of Redis: every key starts with its hash tag, hence lives on one primary.
public struct Namespace: Sendable, Hashable {
    /// The name, for example `sunset`.
    public let name: String

    /// Creates a namespace.
    ///
    /// - Throws: `JobQueueError` with `.invalidJob` unless the name has 1 to 64 letters, digits, `.`, `_` or `-`.
    public init(_ name: String) throws {
        guard isPlainName(name) else {
            throw JobQueueError(.invalidJob, "A namespace has 1 to 64 letters, digits, '.', '_' or '-': '\(name)'.")
        }
        self.name = name
    }

    /// The hash tag, for example `{sunset}`.
    public var tag: String { "{\(name)}" }

    /// What every key starts with, for example `{sunset}:`.
    public var prefix: String { "{\(name)}:" }
}
