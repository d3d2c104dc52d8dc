import Synchronization

/// A Lua script, called by its SHA-1 once that is known.
///
/// The digest comes from the server's own `SCRIPT LOAD`, so this module needs no hash function. It is kept with the script and
/// shared by its copies: make a script once, not for each call.
public struct RedisScript: Sendable {
    /// A name for logs and errors.
    public let name: String
    /// The Lua source.
    public let source: String

    private let learned: LearnedDigest

    /// Names a script.
    ///
    /// Nothing is sent.
    public init(name: String, source: String) {
        self.name = name
        self.source = source
        learned = LearnedDigest()
    }

    /// The SHA-1 of the source in hex, once a server has told it.
    ///
    /// It is a property of the text: the same on every server.
    var digest: String? { learned.value.withLock { $0 } }

    func learn(digest: String) {
        learned.value.withLock { $0 = digest }
    }

    private final class LearnedDigest: Sendable {
        let value = Mutex<String?>(nil)
    }
}
