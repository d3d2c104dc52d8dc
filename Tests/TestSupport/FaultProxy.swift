import Foundation
import Synchronization

/// A proxy between a client and a server's Unix socket that cuts, drops, delays or doubles what passes.
///
/// Blocking sockets and a thread for each connection: its only job is to be simple enough to be trusted.
public final class FaultProxy: Sendable {
    /// What happens to a piece of the client's traffic.
    public enum Mode: Sendable {
        /// It is forwarded, and so is the reply.
        case pass
        /// The connection is cut and the server sees nothing of it.
        case cutBeforeSend
        /// The server gets it, then the connection is cut at once.
        case cutAfterSend
        /// The server gets it and answers; the connection is cut instead of passing the answer on.
        case cutBeforeReply
        /// It disappears, the connection stays.
        case drop
        /// It disappears, and so does everything after it in both directions, until the connection is cut after this
        /// long: what a network does that loses packets, because a stream has no gaps.
        case blackHole(Duration)
        /// The server gets it; its answer is held back.
        case delay(Duration)
        /// The server gets it this much later, and so whatever follows on the connection.
        case late(Duration)
        /// The server gets it a second time, over a connection of its own, before the first answer is passed on.
        ///
        /// A stream has no doubled bytes in it; what is doubled on a network's way are whole requests. A piece that is
        /// not made of whole requests passes.
        case double
        /// The server gets it a second time this much later, whatever became of the connection.
        case doubleLate(Duration)
    }

    private struct State {
        var mode = Mode.pass
        var trigger: [UInt8]?
        var remaining = 0
        var faults = 0
        var done: [String: Int] = [:]
        var isStopped = false
        var choose: (@Sendable () -> Mode)?
        var descriptors: Set<Int32> = []
    }

    /// The socket that clients connect to.
    public let socketPath: String

    private let serverPath: String
    private let listener: Int32
    private let directory: TemporaryDirectory
    private let state = Mutex(State())

    /// Starts a proxy in front of a server.
    public convenience init(to server: RedisServer) throws {
        try self.init(toSocket: server.socketPath)
    }

    /// Starts a proxy in front of a Unix socket.
    public init(toSocket serverPath: String) throws {
        self.serverPath = serverPath
        directory = try TemporaryDirectory(prefix: "proxy")
        socketPath = directory.file("proxy.sock")
        listener = try listenUnixSocket(socketPath)
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { break }
                guard self.admit(client) else { break }
            }
            close(listener)
        }
    }

    deinit {
        stop()
    }

    /// Chooses what happens from now on.
    ///
    /// - Parameters:
    ///   - trigger: only pieces that contain this text are hit, `"EVALSHA"` for instance.
    ///   - times: after so many hits everything passes again.
    public func set(_ mode: Mode, on trigger: String? = nil, times: Int = .max) {
        state.withLock { state in
            state.mode = mode
            state.trigger = trigger.map { Array($0.utf8) }
            state.remaining = times
        }
    }

    /// Lets every piece of the clients' traffic have a fault of its own, or `.pass`; `nil` ends it.
    ///
    /// A closure that draws from a seeded generator makes the sequence of faults repeatable, though not what they hit.
    public func choose(_ choose: (@Sendable () -> Mode)?) {
        state.withLock { $0.choose = choose }
    }

    /// How many pieces were hit so far by ``set(_:on:times:)``.
    public var faults: Int { state.withLock { $0.faults } }

    /// How often what was really done to the traffic, by its name: a fault that was chosen for a reply that never came
    /// is not among them.
    public var done: [String: Int] { state.withLock { $0.done } }

    private func did(_ what: String) { state.withLock { $0.done[what, default: 0] += 1 } }

    /// Cuts every connection that is open now.
    public func cutAll() {
        // Under the lock: a descriptor in the set has not been closed, and cannot have become another file.
        state.withLock { state in
            for descriptor in state.descriptors {
                shutdown(descriptor, Int32(SHUT_RDWR))
            }
        }
    }

    /// Cuts everything and listens no more.
    public func stop() {
        let wasStopped = state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped
        }
        guard !wasStopped else { return }
        // Ends `accept`, whose thread closes the socket.
        shutdown(listener, Int32(SHUT_RDWR))
        cutAll()
    }

    private func admit(_ client: Int32) -> Bool {
        guard let server = try? connectUnixSocket(serverPath) else {
            close(client)
            return state.withLock { !$0.isStopped }
        }
        let isStopped = state.withLock { state in
            guard !state.isStopped else { return true }
            state.descriptors.formUnion([client, server])
            return false
        }
        guard !isStopped else {
            close(client)
            close(server)
            return false
        }
        Thread.detachNewThread { self.relay(client, server) }
        return true
    }

    private func relay(_ client: Int32, _ server: Int32) {
        defer {
            state.withLock { state in
                state.descriptors.subtract([client, server])
                close(client)
                close(server)
            }
        }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var cutsReply = false
        var replyDelay: Duration?
        while true {
            var polled = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) > 0 else { return }
            if polled[0].revents != 0 {
                let count = recv(client, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                switch hit(buffer[..<count]) {
                case .pass: guard forward(buffer[..<count], to: server) else { return }
                case .drop:
                    did("dropped")
                    continue
                case .blackHole(let duration):
                    did("dropped")
                    var end = pollfd(fd: client, events: 0, revents: 0)
                    // Only the end of the connection is noticed.
                    poll(&end, 1, Int32(duration / .milliseconds(1)))
                    return
                case .cutBeforeSend:
                    did("cut before send")
                    return
                case .cutAfterSend:
                    if forward(buffer[..<count], to: server) { did("cut after send") }
                    return
                case .cutBeforeReply:
                    cutsReply = true
                    guard forward(buffer[..<count], to: server) else { return }
                case .delay(let duration):
                    replyDelay = duration
                    guard forward(buffer[..<count], to: server) else { return }
                case .late(let duration):
                    did("request delayed")
                    Thread.sleep(forTimeInterval: duration / .seconds(1))
                    guard forward(buffer[..<count], to: server) else { return }
                case .double:
                    guard forward(buffer[..<count], to: server) else { return }
                    if Self.isWhole(buffer[..<count]) { sendAgain(buffer[..<count]) }
                case .doubleLate(let duration):
                    let copy = Array(buffer[..<count])
                    guard forward(copy[...], to: server) else { return }
                    guard Self.isWhole(copy[...]) else { continue }
                    Thread.detachNewThread {
                        Thread.sleep(forTimeInterval: duration / .seconds(1))
                        self.sendAgain(copy[...])
                    }
                }
            }
            if polled[1].revents != 0 {
                let count = recv(server, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                guard !cutsReply else { return did("cut before the reply") }
                if let duration = replyDelay {
                    replyDelay = nil
                    did("reply delayed")
                    Thread.sleep(forTimeInterval: duration / .seconds(1))
                }
                guard forward(buffer[..<count], to: client) else { return }
            }
        }
    }

    /// Over a connection of its own, which ends with the answer or after a second.
    private func sendAgain(_ bytes: ArraySlice<UInt8>) {
        guard !state.withLock({ $0.isStopped }), let server = try? connectUnixSocket(serverPath) else { return }
        defer { close(server) }
        guard forward(bytes, to: server) else { return }
        var answer = pollfd(fd: server, events: Int16(POLLIN), revents: 0)
        if poll(&answer, 1, 1_000) > 0 { did("doubled") }
    }

    /// Whether bytes are whole requests: arrays of bulk strings (RESP2), one after the other.
    static func isWhole(_ bytes: ArraySlice<UInt8>) -> Bool {
        var at = bytes.startIndex
        /// The number behind a mark, and the position behind its line.
        func number(_ mark: Character) -> Int? {
            guard at < bytes.endIndex, bytes[at] == mark.asciiValue,
                let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n"))
            else { return nil }
            defer { at = end + 1 }
            return Int(String(decoding: bytes[(at + 1)..<(end - 1)], as: UTF8.self))
        }
        while at < bytes.endIndex {
            guard let count = number("*") else { return false }
            for _ in 0..<count {
                guard let length = number("$"), length <= bytes.endIndex - at - 2 else { return false }
                at += length + 2
            }
        }
        return true
    }

    private func hit(_ bytes: ArraySlice<UInt8>) -> Mode {
        if let choose = state.withLock({ $0.choose }) { return choose() }
        return state.withLock { state in
            if case .pass = state.mode { return .pass }
            guard state.remaining > 0 else { return .pass }
            if let trigger = state.trigger, bytes.firstRange(of: trigger) == nil { return .pass }
            state.remaining -= 1
            state.faults += 1
            return state.mode
        }
    }

    private func forward(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
