import Glibc
import Synchronization

/// Puts a terminal into the mode of a full-screen program, and back into the one that it had.
struct TerminalMode: Sendable {
    /// The other screen, no cursor, and no new line after the last column (xterm's control sequences).
    static let enterSequence = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[0m\u{1B}[2J"
    static let leaveSequence = "\u{1B}[?7h\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"
    private static let traps = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE]

    private let descriptor: Int32
    private let saved: termios
    private let raw: termios

    init(_ descriptor: Int32) throws {
        self.descriptor = descriptor
        var mode = termios()
        guard tcgetattr(descriptor, &mode) == 0 else { throw TerminalError(call: "tcgetattr", code: errno) }
        saved = mode
        cfmakeraw(&mode)
        raw = mode
    }

    /// Takes the terminal.
    ///
    /// At once, and not when it has shown what was written (`TCSADRAIN`): one that takes nothing would hold the program.
    ///
    /// - Returns: what must be written first.
    func enter() -> [UInt8] {
        Rescue.arm(descriptor, saved)
        var mode = raw
        tcsetattr(descriptor, TCSANOW, &mode)
        return Array(Self.enterSequence.utf8)
    }

    /// Gives the terminal back, also when it takes nothing any more: then what it has not shown is thrown away.
    func leave() {
        var rest = Array(Self.leaveSequence.utf8)[...]
        for isLast in [false, true] {
            rest = write(rest)
            guard !rest.isEmpty, !isLast else { break }
            var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            // A slow line gets a quarter of a second.
            if poll(&polled, 1, 250) <= 0 { tcflush(descriptor, TCOFLUSH) }
        }
        var mode = saved
        tcsetattr(descriptor, TCSANOW, &mode)
        Rescue.disarm()
    }

    /// Writes what the terminal takes now, and returns the rest; one that is gone takes all.
    func write(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? rest : []
            }
            rest = rest.dropFirst(count)
        }
        return rest
    }

    /// Gives the terminal back when the program traps: by calls that a signal handler may make, on memory that was laid
    /// out before.
    private enum Rescue {
        private static let descriptor = Atomic<Int32>(-1)
        /// Written before a handler is installed and never while one is: ``arm(_:_:)`` is called by one thread.
        nonisolated(unsafe) private static let mode = UnsafeMutablePointer<termios>.allocate(capacity: 1)
        /// What was done at each signal before, by its number: the runtime's own report of a crash, for instance.
        nonisolated(unsafe) private static let before = UnsafeMutablePointer<sigaction>.allocate(capacity: 64)
        nonisolated(unsafe) private static let sequence: UnsafeMutableBufferPointer<UInt8> = {
            let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: leaveSequence.utf8.count)
            _ = buffer.initialize(from: leaveSequence.utf8)
            return buffer
        }()

        static func arm(_ terminal: Int32, _ saved: termios) {
            guard descriptor.load(ordering: .relaxed) < 0 else { return }
            mode.initialize(to: saved)
            _ = sequence.count
            descriptor.store(terminal, ordering: .relaxed)
            for signal in traps {
                var action = sigaction()
                action.__sigaction_handler.sa_handler = { number in
                    let terminal = Rescue.descriptor.load(ordering: .relaxed)
                    if terminal >= 0 {
                        Glibc.write(terminal, Rescue.sequence.baseAddress, Rescue.sequence.count)
                        tcsetattr(terminal, TCSANOW, Rescue.mode)
                    }
                    sigaction(number, Rescue.before + Int(number), nil)
                    raise(number)
                }
                sigaction(signal, &action, before + Int(signal))
            }
        }

        static func disarm() {
            guard descriptor.exchange(-1, ordering: .relaxed) >= 0 else { return }
            for signal in traps { sigaction(signal, before + Int(signal), nil) }
        }
    }
}
