import Glibc
import Synchronization

/// A terminal that the program has to itself: the other screen, keys as they come, no cursor.
///
/// A thread of its own reads keys and signals and writes screens: a line that is slow, or that stands still, holds up
/// nobody else, and screens that were overtaken by newer ones are never sent. However the program ends (a key, a signal,
/// an error, a trap), the terminal is as it was before.
public final class Terminal: Sendable {
    /// What comes from the terminal.
    public enum Event: Sendable, Hashable {
        /// A key.
        case key(Key)
        /// The size changed, or the program was continued: draw again.
        case resized
        /// A signal that ends the program, or the terminal is gone (`SIGHUP`).
        case ended(signal: Int32)
    }

    private struct State {
        var canvas: Canvas?
        var mustEnd = false
        var mustRedraw = false
    }

    /// What comes from the terminal, until it is closed.
    public let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let descriptor: Int32
    private let colors: Bool
    private let state = Mutex(State())

    private init(descriptor: Int32, colors: Bool) {
        self.descriptor = descriptor
        self.colors = colors
        (events, continuation) = AsyncStream.makeStream()
    }

    /// Takes the terminal over, runs `body`, and gives it back, whatever happens.
    ///
    /// - Throws: ``TerminalError`` if there is no terminal that can be used, and what `body` throws.
    public static func run<T>(
        features: TerminalFeatures, _ body: (Terminal) async throws -> T
    ) async throws -> T {
        guard features.movesCursor else {
            throw TerminalError("this terminal (TERM) can't move its cursor, so no screen can be drawn on it")
        }
        // What is typed and what is shown go over the same line, also when standard input is something else. A write
        // never waits: a line that stands still must not keep the program from its end.
        let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw TerminalError("there is no terminal to read keys from") }
        defer { close(descriptor) }
        let terminal = Terminal(descriptor: descriptor, colors: features.hasColors)
        let mode = try TerminalMode(descriptor)
        try TerminalSignals.install()
        defer { TerminalSignals.remove() }
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        try startThread {
            terminal.loop(mode)
            end.finish()
        }
        func leave() async {
            terminal.state.withLock { $0.mustEnd = true }
            TerminalSignals.wake()
            for await _ in ends {}
        }
        do {
            let result = try await body(terminal)
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    /// Columns and rows; 80 by 24 where the terminal does not know.
    public var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows a screen; one that was not sent yet is dropped for it.
    public func show(_ canvas: Canvas) {
        state.withLock { $0.canvas = canvas }
        TerminalSignals.wake()
    }

    /// Draws the next screen as a whole: somebody else may have written on the terminal.
    public func redraw() {
        state.withLock { $0.mustRedraw = true }
    }

    /// What goes out: the screen as it is painted, and what the terminal has not taken of it yet.
    private struct Output {
        var painter: Painter
        var rest: ArraySlice<UInt8>
    }

    private func loop(_ mode: TerminalMode) {
        var output = Output(painter: Painter(colors: colors), rest: mode.enter()[...])
        var decoder = KeyDecoder()
        defer {
            mode.leave()
            continuation.finish()
        }
        while true {
            var polled = [
                pollfd(fd: descriptor, events: Int16(POLLIN | (output.rest.isEmpty ? 0 : POLLOUT)), revents: 0),
                pollfd(fd: TerminalSignals.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // An Escape that nothing follows within 50 ms was the key; over ssh a sequence may come in two pieces.
            let ready = poll(&polled, 2, decoder.isWaiting ? 50 : -1)
            if ready == 0 { decoder.flush().forEach { continuation.yield(.key($0)) } }
            for signal in TerminalSignals.take() { take(signal, mode, &output) }
            if Int32(polled[0].revents) & ~POLLOUT != 0, !readKeys(&decoder, mode, &output) { return }
            output.rest = mode.write(output.rest)
            let isFree = output.rest.isEmpty
            // While the terminal takes nothing, the newest screen waits, and the older ones are never sent.
            let next = state.withLock { state in
                defer { if isFree { (state.canvas, state.mustRedraw) = (nil, false) } }
                return state
            }
            if next.mustEnd { return }
            guard isFree else { continue }
            if next.mustRedraw { output.painter.forget() }
            if let canvas = next.canvas { output.rest = mode.write(output.painter.bytes(for: canvas)[...]) }
        }
    }

    /// Returns `false` when the terminal is gone.
    private func readKeys(_ decoder: inout KeyDecoder, _ mode: TerminalMode, _ output: inout Output) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else {
            if count < 0, errno == EINTR || errno == EAGAIN { return true }
            continuation.yield(.ended(signal: SIGHUP))
            return false
        }
        for key in decoder.feed(bytes.prefix(count)) {
            if key == .control("z") {
                suspend(mode, &output)
            } else {
                continuation.yield(.key(key))
            }
        }
        return true
    }

    private func take(_ signal: Int32, _ mode: TerminalMode, _ output: inout Output) {
        switch signal {
        case SIGWINCH: break
        case SIGCONT: output.rest = mode.enter()[...]
        case SIGTSTP: return suspend(mode, &output)
        default:
            continuation.yield(.ended(signal: signal))
            return
        }
        output.painter.forget()
        continuation.yield(.resized)
    }

    /// Gives the terminal back and stops, as the shell expects it; goes on when it is continued.
    private func suspend(_ mode: TerminalMode, _ output: inout Output) {
        mode.leave()
        signal(SIGTSTP, SIG_DFL)
        kill(0, SIGTSTP)
        // The signal may be delivered to another thread. In a group that no shell controls it does nothing.
        usleep(100_000)
        TerminalSignals.handle(SIGTSTP)
        output.rest = mode.enter()[...]
        output.painter.forget()
        continuation.yield(.resized)
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) throws {
        final class Box { let body: () -> Void; init(_ body: @escaping () -> Void) { self.body = body } }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        guard code == 0 else { throw TerminalError(call: "pthread_create", code: code) }
        pthread_detach(thread)
    }
}
