#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
internal import Synchronization

/// The system's random bytes, fetched a page at a time.
///
/// The system's own generator is a system call for each number, which was a sixth of the time of a bulk producer. A byte
/// is handed out once. A process that forks without exec would share the page with its child; Swift processes don't.
final class RandomPool: Sendable {
    static let shared = RandomPool()

    private struct State {
        var words: [UInt64]
        var next: Int
    }

    private static let size = 256
    private let state = Mutex(State(words: Array(repeating: 0, count: size), next: size))

    /// Two random words.
    func pair() -> (UInt64, UInt64) {
        state.withLock { state in
            if state.next + 2 > state.words.count { Self.fill(&state) }
            defer { state.next += 2 }
            return (state.words[state.next], state.words[state.next + 1])
        }
    }

    private static func fill(_ state: inout State) {
        var isFilled = true
        state.words.withUnsafeMutableBytes { bytes in
            // The most that one call gives.
            for offset in stride(from: 0, to: bytes.count, by: 256) where isFilled {
                guard let start = bytes.baseAddress else { return }
                isFilled = getentropy(start + offset, min(256, bytes.count - offset)) == 0
            }
        }
        if !isFilled {
            // A kernel that refuses the call: one word at a time.
            var generator = SystemRandomNumberGenerator()
            for index in state.words.indices { state.words[index] = generator.next() }
        }
        state.next = 0
    }
}
