import Glibc
import Synchronization

/// A connection to clamd, whose calls block, each of them until the deadline at most.
///
/// By hand and not by NIO: clamd may answer and close in the middle of a file, and then its answer has to be read
/// although a write has failed.
final class ClamdConnection: Sendable {
    private let descriptor: Int32
    private let end: Mutex<ContinuousClock.Instant>

    /// One chunk of the stream.
    private static let chunk = 128 << 10
    /// More than any answer has.
    private static let longestReply = 4096

    var deadline: ContinuousClock.Instant {
        get { end.withLock { $0 } }
        set { end.withLock { $0 = newValue } }
    }

    init(_ address: ScannerAddress, deadline: ContinuousClock.Instant) throws {
        end = Mutex(deadline)
        var problem = "it has no address"
        for target in try Self.resolve(address) {
            let candidate = socket(
                Int32(target.family), Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            guard candidate >= 0 else { throw ScannerError("socket: \(Self.reason(errno))") }
            if let failure = Self.connect(candidate, target, deadline) {
                problem = failure
                close(candidate)
                continue
            }
            descriptor = candidate
            return
        }
        throw ScannerError(problem)
    }

    deinit {
        close(descriptor)
    }

    /// Ends whatever waits on the connection.
    func cut() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    func send(_ text: String) throws {
        guard try send(Array(text.utf8)) else { throw ScannerError("it closed the connection") }
    }

    /// Sends a file as a stream (`zINSTREAM`); false when clamd closed the connection before it had all.
    func sendFile(_ path: String) throws -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ScannerError("open \(path): \(Self.reason(errno))") }
        defer { close(file) }
        guard try send(Array("zINSTREAM\0".utf8)) else { return false }
        var buffer = [UInt8](repeating: 0, count: 4 + Self.chunk)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress?.advanced(by: 4), Self.chunk) }
            guard count >= 0 else { throw ScannerError("read \(path): \(Self.reason(errno))") }
            for place in 0..<4 { buffer[place] = UInt8(truncatingIfNeeded: count >> (24 - 8 * place)) }
            guard try send(buffer[..<(4 + count)]) else { return false }
            // The empty chunk, which ends the stream, was sent.
            if count == 0 { return true }
        }
    }

    /// The answer, without the NUL that ends it.
    func reply() throws -> String {
        var reply: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while reply.count < Self.longestReply {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                reply += buffer[..<count]
                if let end = reply.firstIndex(of: 0) { return String(decoding: reply[..<end], as: UTF8.self) }
            } else if count == 0 {
                throw ScannerError(reply.isEmpty ? "it closed the connection" : "its answer was cut")
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLIN))
            } else if errno != EINTR {
                throw ScannerError(Self.reason(errno))
            }
        }
        throw ScannerError("its answer does not end")
    }

    private func send(_ bytes: some Collection<UInt8>) throws -> Bool {
        let bytes = ContiguousArray(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT))
            } else if errno == EPIPE || errno == ECONNRESET {
                return false
            } else if errno != EINTR {
                throw ScannerError(Self.reason(errno))
            }
        }
        return true
    }

    private func wait(for events: Int16) throws {
        guard Self.poll(descriptor, events, deadline) else { throw ScannerError("it did not answer in time") }
    }

    /// False when the deadline came first.
    private static func poll(_ descriptor: Int32, _ events: Int16, _ deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = (deadline - .now).components
            guard left.seconds >= 0, left.attoseconds >= 0 else { return false }
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            if Glibc.poll(&entry, 1, Int32(clamping: milliseconds)) > 0 { return true }
        }
    }
}

extension ClamdConnection {
    /// A socket's address, as the system has it.
    private struct Target {
        var family: sa_family_t
        var storage: sockaddr_storage
        var length: socklen_t
    }

    private static func resolve(_ address: ScannerAddress) throws -> [Target] {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { space in
                for (index, byte) in path.utf8.prefix(space.count - 1).enumerated() { space[index] = byte }
            }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { space in
                withUnsafeBytes(of: name) { space.copyMemory(from: $0) }
            }
            return [
                Target(family: name.sun_family, storage: storage, length: socklen_t(MemoryLayout<sockaddr_un>.size))
            ]
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            let code = getaddrinfo(host, "\(port)", &hints, &list)
            guard code == 0 else { throw ScannerError("\(host): \(String(cString: gai_strerror(code)))") }
            defer { freeaddrinfo(list) }
            return sequence(first: list, next: { $0?.pointee.ai_next }).prefix { $0 != nil }.compactMap { entry in
                guard let info = entry?.pointee, let name = info.ai_addr else { return nil }
                var storage = sockaddr_storage()
                withUnsafeMutableBytes(of: &storage) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(start: name, count: Int(info.ai_addrlen)))
                }
                return Target(family: sa_family_t(info.ai_family), storage: storage, length: info.ai_addrlen)
            }
        }
    }

    /// What went wrong; nil when it is connected.
    private static func connect(_ descriptor: Int32, _ target: Target, _ deadline: ContinuousClock.Instant) -> String? {
        let code = withUnsafePointer(to: target.storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, target.length)
            }
        }
        if code == 0 { return nil }
        guard errno == EINPROGRESS || errno == EINTR else { return reason(errno) }
        guard poll(descriptor, Int16(POLLOUT), deadline) else { return "it did not answer in time" }
        var failure: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
        return failure == 0 ? nil : reason(failure)
    }

    private static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}
