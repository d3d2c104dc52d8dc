internal import Foundation
internal import RedisClient

/// Which jobs of a state are meant; what is `nil` leaves it open.
public struct JobFilter: Codable, Sendable, Hashable {
    /// The name of the type.
    public var name: String?
    /// The version of the payload.
    public var version: Int?
    /// At least so many failed attempts.
    public var minimumFailures: Int?
    /// Text in one of the latest troubles, in upper or lower case.
    public var errorContains: String?
    /// Enqueued at this time or later, in Unix milliseconds.
    public var enqueuedAfter: Int64?
    /// Enqueued before this time, in Unix milliseconds.
    public var enqueuedBefore: Int64?
    /// The tag.
    public var tag: String?
    /// The level.
    public var priority: JobPriority?
    /// Whether it is dead because it was cancelled or killed.
    public var isCancelled: Bool?
    /// The batch that it is part of.
    public var batch: String?

    /// Creates a filter; without arguments it lets every job through.
    public init(
        name: String? = nil, version: Int? = nil, minimumFailures: Int? = nil, errorContains: String? = nil,
        enqueuedAfter: Int64? = nil, enqueuedBefore: Int64? = nil, tag: String? = nil,
        priority: JobPriority? = nil, isCancelled: Bool? = nil, batch: String? = nil
    ) {
        self.name = name
        self.version = version
        self.minimumFailures = minimumFailures
        self.errorContains = errorContains
        self.enqueuedAfter = enqueuedAfter
        self.enqueuedBefore = enqueuedBefore
        self.tag = tag
        self.priority = priority
        self.isCancelled = isCancelled
        self.batch = batch
    }

    /// The fields in the order of `Lua/page.lua`.
    var arguments: [RedisArgument] {
        func text(_ value: (some BinaryInteger)?) -> RedisArgument { RedisArgument(value.map { "\($0)" } ?? "") }
        return [
            RedisArgument(name ?? ""), text(version), text(minimumFailures),
            RedisArgument(errorContains?.lowercased() ?? ""), text(enqueuedAfter), text(enqueuedBefore),
            RedisArgument(tag ?? ""), text(priority?.rawValue), text(isCancelled.map { $0 ? 1 : 0 }),
            RedisArgument(batch ?? ""),
        ]
    }
}

/// Where a page begins: the state and what `Lua/page.lua` calls a cursor, opaque to callers.
struct PageCursor {
    var state: JobState
    var place: String

    init(state: JobState, place: String) {
        self.state = state
        self.place = place
    }

    /// Reads a text that a page gave out.
    init(_ text: String, for state: JobState) throws {
        guard let data = Data(base64Encoded: text),
            let parts = String(data: data, encoding: .utf8)?.split(separator: ":", maxSplits: 1), parts.count == 2,
            parts[0] == state.rawValue, parts[1].wholeMatch(of: /[1-3]( \d[\d.e+]* \S.*)?/) != nil
        else { throw JobQueueError(.invalidJob, "'\(text)' is no cursor of \(state.rawValue) jobs.") }
        self.init(state: state, place: String(parts[1]))
    }

    var text: String { Data("\(state.rawValue):\(place)".utf8).base64EncodedString() }
}
