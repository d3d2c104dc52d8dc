import CHiredis
import Testing

@testable import RedisClient

@Suite struct RESPEncoderTests {
    @Test func `a command is an array of bulk strings with a NUL behind it`() {
        let command = RedisCommand("SET", "key", 42, RedisArgument([0, 13, 10]))
        #expect(
            command.encoded
                == Array("*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$2\r\n42\r\n$3\r\n\u{0}\r\n\r\n\u{0}".utf8))
        #expect(command.encodedCount == command.encoded.count - 1)
    }

    @Test func `what is encoded reads back, whatever the arguments are`() throws {
        var generator = SplitMix64(state: 2024)
        for _ in 0..<2_000 {
            var arguments: [RedisArgument] = []
            var expected: [RESPValue] = [.bytes(Array("NAME".utf8))]
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                switch Int.random(in: 0..<3, using: &generator) {
                case 0:
                    let bytes = (0..<Int.random(in: 0...70, using: &generator)).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    }
                    arguments.append(RedisArgument(bytes))
                    expected.append(.bytes(bytes))
                case 1:
                    let text = String(repeating: "\r\né🌅", count: Int.random(in: 0...20, using: &generator))
                    arguments.append(RedisArgument(text))
                    expected.append(.bytes(Array(text.utf8)))
                default:
                    // Every length of number, both signs, the extremes.
                    let value =
                        Int64.random(in: .min ... .max, using: &generator)
                        >> Int64.random(in: 0...63, using: &generator)
                    let chosen = Bool.random(using: &generator) ? value : [.min, .max, 0, -1][Int(value & 3)]
                    arguments.append(RedisArgument(chosen))
                    expected.append(.bytes(Array(String(chosen).utf8)))
                }
            }
            let command = RedisCommand("NAME", arguments)
            #expect(command.encoded.last == 0)
            let reader = ReplyReader()
            // In pieces, as a socket would deliver it.
            var rest = command.encoded.prefix(command.encodedCount)
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...64, using: &generator))
                reader.feed(rest.prefix(count))
                rest = rest.dropFirst(count)
                if !rest.isEmpty { #expect(reader.next() == nil) }
            }
            #expect(reader.next() == .array(expected))
        }
    }

    @Test func `a reply of any shape is copied as it was sent`() {
        var generator = SplitMix64(state: 515)
        for _ in 0..<2_000 {
            var wire: [UInt8] = []
            let sent = Self.makeReply(depth: 0, into: &wire, using: &generator)
            let reader = ReplyReader()
            var rest = wire[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...64, using: &generator))
                reader.feed(rest.prefix(count))
                rest = rest.dropFirst(count)
                if !rest.isEmpty { #expect(reader.next() == nil) }
            }
            #expect(reader.next() == sent)
        }
    }

    /// A random reply and its encoding, nested as deeply as hiredis reads.
    private static func makeReply(
        depth: Int, into wire: inout [UInt8], using generator: inout SplitMix64
    ) -> RESPValue {
        let text = String(repeating: "é x", count: Int.random(in: 0...3, using: &generator))
        switch Int.random(in: 0..<(depth < 6 ? 7 : 6), using: &generator) {
        case 0:
            let value = Int64.random(in: .min ... .max, using: &generator)
            wire += Array(":\(value)\r\n".utf8)
            return .integer(value)
        case 1:
            wire += Array("+\(text)\r\n".utf8)
            return .status(text)
        case 2:
            wire += Array("-ERR \(text)\r\n".utf8)
            return .error(RedisServerError(message: "ERR \(text)"))
        case 3:
            wire += Array("$-1\r\n".utf8)
            return .null
        case 4:
            wire += Array("*-1\r\n".utf8)
            return .null
        case 5:
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            wire += Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n".utf8)
            return .bytes(bytes)
        default:
            let count = Int.random(in: 0...4, using: &generator)
            wire += Array("*\(count)\r\n".utf8)
            return .array((0..<count).map { _ in makeReply(depth: depth + 1, into: &wire, using: &generator) })
        }
    }

    @Test func `noise never reads as more than hiredis allows`() {
        var generator = SplitMix64(state: 7)
        let alphabet = Array("*$+-:0123456789\r\nabc".utf8)
        for _ in 0..<20_000 {
            let reader = ReplyReader()
            let noise = (0..<Int.random(in: 1...60, using: &generator)).compactMap { _ in
                alphabet.randomElement(using: &generator)
            }
            reader.feed(noise[...])
            while reader.next() != nil {}
        }
    }
}

/// hiredis's reader alone.
private final class ReplyReader {
    private let reader = redisReaderCreate()

    deinit {
        redisReaderFree(reader)
    }

    func feed(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { buffer in
            _ = redisReaderFeed(reader, buffer.assumingMemoryBound(to: CChar.self).baseAddress, buffer.count)
        }
    }

    func next() -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK, let reply else { return nil }
        defer { freeReplyObject(reply) }
        return RESPValue(reply.assumingMemoryBound(to: redisReply.self))
    }
}
