import Foundation
import RedisClient
import TestSupport

/// Every command that a server runs, those of scripts too, as `MONITOR` tells them.
final class CommandMonitor {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ server: RedisServer) throws {
        descriptor = try connectUnixSocket(server.socketPath)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard send(descriptor, "MONITOR\r\n", 9, Int32(MSG_NOSIGNAL)) == 9, try line() == "+OK" else {
            throw TestSupportError("no MONITOR")
        }
    }

    deinit { close(descriptor) }

    /// The commands since the last call, each as its words; what is between them was run by a script or by itself.
    func commands(_ client: RedisClient) async throws -> [[String]] {
        let end = "end-\(UInt64.random(in: 0...UInt64.max))"
        _ = try await client.send(RedisCommand("ECHO", RedisArgument(end)))
        var commands: [[String]] = []
        while true {
            let words = Self.words(try line())
            if words == ["ECHO", end] { return commands }
            // What a script does stands by itself; its call is text and keys.
            if !["EVALSHA", "EVAL"].contains(words.first ?? "") { commands.append(words) }
        }
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end].dropLast(), as: UTF8.self)
            }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { throw TestSupportError("MONITOR said nothing more") }
            buffer += chunk[..<count]
        }
    }

    /// The words of a line such as `+1700000000.123 [0 lua] "HGET" "key" "field"`.
    private static func words(_ line: String) -> [String] {
        var words = line.matches(of: /"((?:[^"\\]|\\.)*)"/).map { String($0.output.1) }
        if !words.isEmpty { words[0] = words[0].uppercased() }
        return words
    }
}
