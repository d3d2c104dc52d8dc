internal import CHiredis
import Glibc

/// One connection: a ``LinkState`` and the hiredis context it drives.
///
/// `@unchecked Sendable`: tasks only carry references to it; everything but `id` is touched only in the reactor's turn.
final class Link: @unchecked Sendable {
    let id: UInt64
    var state: LinkState
    /// What pub/sub messages go to, on the connection that is kept for them.
    weak var subscriber: Subscriber?

    private(set) var context: UnsafeMutablePointer<redisAsyncContext>?
    /// Names this context in epoll's events: a late event of an earlier context must not hit the next one.
    private(set) var token: UInt64 = 0
    /// The events that epoll was told to watch.
    var watched: UInt32 = 0
    var isDirty = false
    var isRegistered = false
    /// It has been connected before.
    var wasReady = false
    /// Which resolution the next endpoints must belong to.
    var attempt: UInt64 = 0
    /// Where the context goes.
    private(set) var endpoint: Endpoint?

    // Set by callbacks inside hiredis, read by the reactor when hiredis has returned: hiredis may be about to free the context.
    private(set) var isConnected = false
    private(set) var wantsWrite = false
    private(set) var cut: (written: UInt64, reason: CutReason)?
    private(set) var replyActions: [LinkState.ReplyAction] = []
    private(set) var events: [RESPValue] = []
    /// The replies of one read, stamped with one reading of the clock.
    var now = MonotonicTime(nanoseconds: 0)

    private var appended: UInt64 = 0
    private var writes = 0
    /// The rest of a command that is too large for hiredis's buffer.
    private var remainder: (bytes: [UInt8], offset: Int)?

    /// hiredis moves what is left of its buffer to the front after every partial write: a 64 MiB buffer would be copied
    /// 300 times.
    ///
    /// So it gets no more than this at a time, which is still several times what a socket takes at once.
    private static let highWater = 1 << 20
    private static let slice = 256 << 10

    init(id: UInt64, state: LinkState) {
        self.id = id
        self.state = state
    }

    // MARK: Opening and closing

    /// Starts to connect without blocking.
    ///
    /// An error means that there is no context.
    func open(_ endpoint: Endpoint, token: UInt64, epoll: Int32) throws(RedisError) -> Int32 {
        let made =
            switch endpoint {
            case .unix(let path): redisAsyncConnectUnix(path)
            case .numeric(let host, let port): redisAsyncConnect(host, port)
            }
        guard let made else { throw RedisError(.notSent, "hiredis is out of memory") }
        guard made.pointee.err == 0 else {
            let text = Self.errorText(made)
            // No hooks are set yet, so this calls nothing back.
            redisAsyncFree(made)
            throw RedisError(.notSent, text)
        }
        context = made
        self.endpoint = endpoint
        self.token = token
        isConnected = false
        wantsWrite = false
        cut = nil
        watched = 0
        appended = 0
        remainder = nil
        // Unretained: the reactor holds the link in its table of open links until the cleanup hook has run, which is the last call.
        let me = Unmanaged.passUnretained(self).toOpaque()
        made.pointee.ev.data = me
        made.pointee.ev.addWrite = { Link.from($0)?.wantsWrite = true }
        made.pointee.ev.delWrite = { Link.from($0)?.wantsWrite = false }
        // Reads are watched for as long as there is a connection.
        made.pointee.ev.addRead = { _ in }
        made.pointee.ev.delRead = { _ in }
        made.pointee.ev.cleanup = { Link.from($0)?.contextEnds() }
        made.pointee.data = me
        redisAsyncSetConnectCallback(made) { context, status in
            guard status == REDIS_OK, let context else { return }
            Link.from(context.pointee.data)?.isConnected = true
        }
        // hiredis does not: a child process that inherits the socket would keep the connection open after a close here.
        let descriptor = made.pointee.c.fd
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.epoll = epoll
        return descriptor
    }

    /// Frees the context.
    ///
    /// Its pending callbacks run now, with no reply; ``cut`` says what was written.
    func close(reason: String) {
        guard let context else { return }
        if cut == nil { closeReason = reason }
        redisAsyncFree(context)
    }

    private var closeReason: String?
    private var epoll: Int32 = -1

    /// hiredis is about to free the context, for whatever reason.
    private func contextEnds() {
        guard let context else { return }
        let text = closeReason ?? lastWords(context) ?? Self.errorText(context)
        let isUnreadable = closeReason == nil && context.pointee.err == REDIS_ERR_PROTOCOL
        let written = appended - UInt64(sunset_hiredis_unwritten(context))
        cut = (written, isUnreadable ? .protocolViolation(text) : .lost(text))
        closeReason = nil
        // Closing would take it out too, but not while a child that was forked in between holds a copy.
        sunset_epoll_ctl(epoll, EPOLL_CTL_DEL, context.pointee.c.fd, 0, 0)
        self.context = nil
        remainder = nil
        isConnected = false
        wantsWrite = false
    }

    /// What a server said when it turned this client away before it was greeted ("max number of clients reached").
    ///
    /// It may close before the greeting is written, and hiredis gives up on the failed write without reading.
    private func lastWords(_ context: UnsafeMutablePointer<redisAsyncContext>) -> String? {
        guard case .greeting = state.phase, context.pointee.err == REDIS_ERR_IO else { return nil }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(context.pointee.c.fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 1, buffer[0] == UInt8(ascii: "-") else { return nil }
        return String(decoding: buffer[1..<count].prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    func takeCut() -> (written: UInt64, reason: CutReason)? {
        defer { cut = nil }
        return cut
    }

    // MARK: Events

    func handleRead() {
        guard let context else { return }
        redisAsyncHandleRead(context)
    }

    func handleWrite() {
        guard let context else { return }
        redisAsyncHandleWrite(context)
    }

    func takeReplyActions(_ body: (LinkState.ReplyAction) -> Void) {
        guard !replyActions.isEmpty else { return }
        for action in replyActions {
            body(action)
        }
        replyActions.removeAll(keepingCapacity: true)
    }

    func takeEvents() -> [RESPValue] {
        guard !events.isEmpty else { return [] }
        defer { events = [] }
        return events
    }

    func watchWhatItWants(_ epoll: Int32) {
        guard let context else { return }
        let wish = EPOLLIN.rawValue | (wantsWrite || !isConnected ? EPOLLOUT.rawValue : 0)
        guard wish != watched else { return }
        watched = wish
        sunset_epoll_ctl(epoll, EPOLL_CTL_MOD, context.pointee.c.fd, wish, token)
    }

    /// Whether a command would be the only one under way.
    var isQuiet: Bool { isConnected && !wantsWrite && state.isQuiet }

    // MARK: Writing

    /// Writes what there is, without asking epoll first: most of the time the socket takes it.
    func flush() {
        guard isConnected else { return }
        let wrote = pump()
        let waitsForEpoll = watched & EPOLLOUT.rawValue != 0
        if wantsWrite, !wrote, !waitsForEpoll { handleWrite() }
    }

    /// Whether there is room in hiredis's buffer, which holds what the socket did not take.
    private var hasRoom: Bool {
        guard let context else { return false }
        return sunset_hiredis_unwritten(context) < Self.highWater
    }

    /// Writes commands until there are none or the socket is full.
    ///
    /// Returns whether the socket was tried.
    private func pump() -> Bool {
        var tried = false
        while state.phase == .ready, context != nil {
            var hasMore = false
            while hasRoom {
                if remainder != nil {
                    appendSlice()
                } else if let command = state.takeNext() {
                    append(command.command)
                } else {
                    break
                }
                hasMore = true
            }
            guard hasMore else { return tried }
            writes += 1
            handleWrite()
            tried = true
            // Not all of it was taken: epoll says when to go on.
            guard !wantsWrite else { return true }
        }
        return tried
    }

    /// How many writes carried commands since this was asked last.
    func takeWrites() -> Int {
        defer { writes = 0 }
        return writes
    }

    /// Appends a command with its callback; its tail waits in ``remainder`` if it is large.
    func append(_ command: RedisCommand) {
        guard let context else { return }
        let total = command.encodedCount
        let count = min(total, Self.slice)
        let status = command.encoded.withUnsafeBytes { bytes in
            redisAsyncFormattedCommand(
                context, Self.replyCallback, context.pointee.data,
                bytes.assumingMemoryBound(to: CChar.self).baseAddress,
                count)
        }
        guard status == REDIS_OK else {
            // It will never call back. Nothing of it is in the buffer, and its end offset says so when the connection is cut.
            close(reason: "hiredis refused a command: \(Self.errorText(context))")
            return
        }
        appended += UInt64(count)
        if count < total { remainder = (command.encoded, count) }
    }

    private func appendSlice() {
        guard let context, let (bytes, offset) = remainder else { return }
        // The last byte of the encoding is the NUL.
        let count = min(bytes.count - 1 - offset, Self.slice)
        let status = bytes.withUnsafeBytes { buffer in
            redisAppendFormattedCommand(
                &context.pointee.c, buffer.assumingMemoryBound(to: CChar.self).baseAddress.map { $0 + offset }, count)
        }
        guard status == REDIS_OK else {
            close(reason: "hiredis is out of memory")
            return
        }
        appended += UInt64(count)
        wantsWrite = true
        remainder = offset + count < bytes.count - 1 ? (bytes, offset + count) : nil
    }

    // MARK: Callbacks

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> Link? {
        pointer.map { Unmanaged<Link>.fromOpaque($0).takeUnretainedValue() }
    }

    /// One function and one pointer for all commands: replies come in the order of ``LinkState/inFlight``, so no box
    /// travels with a command that could leak when hiredis does not call back.
    ///
    /// At the end of a context it is called once for every command without a reply, which ``contextEnds()`` deals with
    /// at once.
    private static let replyCallback:
        @convention(c) (UnsafeMutablePointer<redisAsyncContext>?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) ->
            Void = { _, reply, data in
                guard let reply, let link = Link.from(data) else { return }
                link.received(RESPValue(reply.assumingMemoryBound(to: redisReply.self)))
            }

    private func received(_ value: RESPValue) {
        if subscriber != nil, state.phase == .ready {
            events.append(value)
            return
        }
        let action = state.reply(value, now: now)
        if case .none = action { return }
        replyActions.append(action)
    }

    private static func errorText(_ context: UnsafePointer<redisAsyncContext>) -> String {
        if let text = context.pointee.errstr, text.pointee != 0 { return String(cString: text) }
        return context.pointee.c.err == 0 ? "closed" : "error \(context.pointee.c.err)"
    }
}
