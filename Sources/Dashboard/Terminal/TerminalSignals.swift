import Glibc
import Synchronization

/// What the process is told by signals while it has the terminal, through a pipe.
///
/// One terminal at a time. The handler only writes a byte, which is all that a handler may do; the terminal's thread
/// reads it. The numbers stand in atomics, which need no lock and no lazy set-up.
enum TerminalSignals {
    private static let input = Atomic<Int32>(-1)
    private static let output = Atomic<Int32>(-1)
    static let handled = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT]

    /// Where the signals' numbers are read, after ``install()``.
    static var descriptor: Int32 { output.load(ordering: .relaxed) }

    static func install() throws {
        if descriptor < 0 {
            var pair: [Int32] = [0, 0]
            guard pipe(&pair) == 0 else { throw TerminalError(call: "pipe", code: errno) }
            for end in pair {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            input.store(pair[1], ordering: .relaxed)
            output.store(pair[0], ordering: .relaxed)
        }
        for signal in handled { handle(signal) }
    }

    static func handle(_ signal: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            var byte = UInt8(truncatingIfNeeded: number)
            let saved = errno
            write(TerminalSignals.input.load(ordering: .relaxed), &byte, 1)
            errno = saved
        }
        sigaction(signal, &action, nil)
    }

    static func remove() {
        for signal in handled { Glibc.signal(signal, SIG_DFL) }
    }

    /// Wakes who waits for signals; 0 is no signal.
    static func wake() {
        var byte: UInt8 = 0
        write(input.load(ordering: .relaxed), &byte, 1)
    }

    /// The signals since the last call.
    static func take() -> [Int32] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? bytes.prefix(count).filter { $0 != 0 }.map { Int32($0) } : []
    }
}
