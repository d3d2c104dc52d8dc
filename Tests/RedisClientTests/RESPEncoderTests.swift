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
}
