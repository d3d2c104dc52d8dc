import Dispatch
import Foundation
import Synchronization
import TestSupport

/// A socket that sends what it is told to, for requests that no HTTP client would make.
///
/// Its calls block, so they run on threads of their own: the server under test has its tasks on the cooperative pool.
final class RawConnection: Sendable {
    private let descriptor: Int32
    private let isOpen = Mutex(true)

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw TestSupportError("connect failed: errno \(errno)") }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { end() }

    /// Sends all of it; what the server no longer reads is dropped.
    func send(_ text: String) async {
        await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async {
        await blocking { descriptor in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    /// What comes until the server closes, at most 20 seconds of silence.
    func readToEnd() async -> String {
        String(decoding: await readBytesToEnd(), as: UTF8.self)
    }

    func readBytesToEnd() async -> [UInt8] {
        await blocking { descriptor in
            var all: [UInt8] = []
            while true {
                let some = Self.read(descriptor)
                guard !some.isEmpty else { return all }
                all += some
            }
        }
    }

    /// Reads and drops until the server closes; the number of bytes.
    func drain() async -> Int {
        await blocking { descriptor in
            var count = 0
            while true {
                let some = Self.read(descriptor).count
                guard some > 0 else { return count }
                count += some
            }
        }
    }

    /// What comes until it contains a text.
    func read(until text: String) async throws -> String {
        try await blocking { descriptor in
            Result<String, any Error> {
                var all: [UInt8] = []
                while true {
                    let so = String(decoding: all, as: UTF8.self)
                    if so.contains(text) { return so }
                    let some = Self.read(descriptor)
                    guard !some.isEmpty else { throw TestSupportError("closed after: \(so)") }
                    all += some
                }
            }
        }.get()
    }

    private static func read(_ descriptor: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    private func blocking<T: Sendable>(_ body: @escaping @Sendable (Int32) -> T) async -> T {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body(descriptor)) }
        }
    }

    /// Closes with a reset, as a client that crashed.
    func end() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard wasOpen else { return }
        var abrupt = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abrupt, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }
}
