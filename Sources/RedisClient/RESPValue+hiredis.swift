internal import CHiredis

extension RESPValue {
    /// Copies a reply, which hiredis frees right after its callback.
    init(_ reply: UnsafePointer<redisReply>) {
        let value = reply.pointee
        switch value.type {
        case REDIS_REPLY_STRING:
            self = .bytes(Array(UnsafeRawBufferPointer(start: value.str, count: value.len)))
        case REDIS_REPLY_INTEGER:
            self = .integer(value.integer)
        case REDIS_REPLY_STATUS:
            self = .status(Self.text(value))
        case REDIS_REPLY_ARRAY where value.elements == 0:
            // The initializer below would write to the storage that all empty arrays of the process share.
            self = .array([])
        case REDIS_REPLY_ARRAY:
            self = .array(
                [RESPValue](unsafeUninitializedCapacity: value.elements) { buffer, count in
                    guard let base = buffer.baseAddress else { return }
                    for index in 0..<value.elements {
                        let element = value.element[index].map { RESPValue(UnsafePointer($0)) } ?? .null
                        (base + index).initialize(to: element)
                        count = index + 1
                    }
                })
        case REDIS_REPLY_ERROR:
            self = .error(RedisServerError(message: Self.text(value)))
        default:
            self = .null
        }
    }

    private static func text(_ reply: redisReply) -> String {
        String(decoding: UnsafeRawBufferPointer(start: reply.str, count: reply.len), as: UTF8.self)
    }
}
