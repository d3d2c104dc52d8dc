internal import CHiredis
import Glibc

/// A connection that blocks its thread, for the few questions that discovery asks; never the reactor's.
final class BlockingConnection {
    private let context: UnsafeMutablePointer<redisContext>
    private let timeout: Duration

    /// Connects; the name service may be asked.
    init(host: String, port: Int, timeout: Duration) throws(RedisError) {
        self.timeout = timeout
        guard let made = redisConnectWithTimeout(host, Int32(clamping: port), timeval(timeout)) else {
            throw RedisError(.notSent, "hiredis is out of memory")
        }
        context = made
        guard made.pointee.err == 0 else { throw RedisError(.notSent, errorText) }
        // A child process that inherits the socket would keep the connection open.
        _ = fcntl(made.pointee.fd, F_SETFD, FD_CLOEXEC)
        redisSetTimeout(made, timeval(timeout))
        // What is only listened to must notice a peer that is gone.
        redisEnableKeepAlive(made)
    }

    deinit {
        redisFree(context)
    }

    var descriptor: Int32 { context.pointee.fd }

    /// Sends a command and waits for its reply; an error reply is thrown.
    func send(_ command: RedisCommand) throws(RedisError) -> RESPValue {
        let status = command.encoded.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(
                context, bytes.assumingMemoryBound(to: CChar.self).baseAddress, command.encodedCount)
        }
        var reply: UnsafeMutableRawPointer?
        guard status == REDIS_OK, redisGetReply(context, &reply) == REDIS_OK, let reply else {
            throw RedisError(.outcomeUnknown, errorText)
        }
        return try Self.take(reply)
    }

    /// Logs in where there is a password.
    func authenticate(username: String?, password: String?) throws(RedisError) {
        guard let password else { return }
        let arguments = (username.map { [RedisArgument($0)] } ?? []) + [RedisArgument(password)]
        _ = try send(RedisCommand("AUTH", arguments))
    }

    /// Reads what has arrived, after the descriptor was found readable.
    func received() throws(RedisError) -> [RESPValue] {
        guard redisBufferRead(context) == REDIS_OK else { throw RedisError(.outcomeUnknown, errorText) }
        var values: [RESPValue] = []
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &reply) == REDIS_OK else {
                throw RedisError(.protocolViolation, errorText)
            }
            guard let reply else { return values }
            values.append(try Self.take(reply))
        }
    }

    private static func take(_ reply: UnsafeMutableRawPointer) throws(RedisError) -> RESPValue {
        defer { freeReplyObject(reply) }
        let value = RESPValue(UnsafePointer(reply.assumingMemoryBound(to: redisReply.self)))
        if case .error(let error) = value { throw RedisError(server: error) }
        return value
    }

    private var errorText: String {
        let code = errno
        if context.pointee.err == REDIS_ERR_IO, code == EAGAIN || code == ETIMEDOUT {
            return "no answer within \(timeout)"
        }
        return withUnsafeBytes(of: &context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension timeval {
    init(_ duration: Duration) {
        let microseconds = Int(clamping: duration.clampedNanoseconds / 1_000)
        // Zero would mean no end.
        self.init(tv_sec: microseconds / 1_000_000, tv_usec: max(microseconds % 1_000_000, microseconds == 0 ? 1 : 0))
    }
}
