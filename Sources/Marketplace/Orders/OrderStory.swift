public import JobQueue
import RedisClient

/// Everything that is kept of one order, in time: requests, transitions, money, jobs, mails, downloads.
///
/// The order keeps its latest 200 steps and each of its entitlements its latest 50 (grants, counted downloads,
/// transfers), for as long as the order is kept. The events of its jobs stand under the order's id as their tag: the
/// latest 500, for 30 days after the last. Of an order from before steps were kept, only its own times are told.
public struct OrderStory: Sendable, Encodable {
    /// Where an event comes from.
    public enum Source: String, Sendable, Encodable {
        /// A request of the buyer.
        case request
        /// What became of the order.
        case order
        /// What became of its payment, and what the provider said.
        case payment
        /// A transaction of the ledger.
        case money
        /// A job of the order.
        case job
        /// A message that was enqueued.
        case mail
        /// Grants and transfers of what was bought.
        case download
    }

    /// Something that happened.
    public struct Event: Sendable, Encodable, Hashable {
        /// When, in Unix milliseconds of Redis's clock.
        public var at: Int64
        /// Where it comes from.
        public var source: Source
        /// What: `created`, `paid`, `started` and so on; docs/operations.md has them all.
        public var event: String
        /// What there is to say about it; may be empty.
        public var detail: String
        /// The id of the HTTP request that it goes back to, as in the access log.
        public var request: String?
        /// What it is about: a job, an entitlement, a grant, a ledger entry.
        public var subject: String?
        /// The job's queue.
        public var queue: String?
        /// The name of the job's type.
        public var type: String?
    }

    /// The order as it is now.
    public var order: Order
    /// The buyer.
    public var user: String
    /// What happened, the oldest first.
    public var events: [Event]
    /// Its jobs that have not ended, and its dead ones.
    public var jobs: [JobRecord]
}

/// Reads orders' stories from Redis alone: no folder or key of the installation is needed.
public struct OrderStories: Sendable {
    private static let find = Orders.script("order_find", PackageResources.order_find_lua)
    private static let story = Orders.script("order_story", PackageResources.order_story_lua)
    /// The most jobs that are looked at one by one.
    private static let maximumJobs = 50

    let queue: JobQueue

    /// Reads the orders of a queue's namespace.
    public init(queue: JobQueue) {
        self.queue = queue
    }

    /// The id of the order that is meant; `nil` if there is none.
    ///
    /// - Parameter text: the id of an order, payment, entitlement or grant, or an order's number.
    public func order(meaning text: String) async throws -> String? {
        let reply = try await queue.run(Self.find, arguments: [.init(text)], retry: .safe)
        return try ScriptReply.values(reply, script: Self.find.name).first?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The story of an order; `nil` if there is no such order.
    public func story(of order: String) async throws -> OrderStory? {
        let reply = try await queue.run(Self.story, arguments: [.init(order)], retry: .safe)
        let values = try ScriptReply.values(reply, script: Self.story.name)
        guard values.count == 5 else { return nil }
        let record = try Order(reply: values[0])
        let inspector = QueueInspector(queue: queue)
        let timeline = try await inspector.timeline(tag: order, limit: 1_000)
        var reader = OrderStoryReader(order: record)
        reader.add(log: values[2].array ?? [])
        reader.add(requestID: values[1].string ?? "")
        for right in values[3].array ?? [] {
            reader.add(entitlement: right[0].string ?? "", log: right[1].array ?? [])
        }
        for entry in values[4].array ?? [] { try reader.add(entry: entry) }
        timeline.forEach { reader.add($0) }
        return OrderStory(
            order: record, user: record.userID, events: reader.sorted,
            jobs: try await open(timeline, inspector))
    }

    /// The jobs of a timeline that are there still.
    private func open(_ timeline: [TimelineEvent], _ inspector: QueueInspector) async throws -> [JobRecord] {
        var queues: [JobID: String] = [:]
        var order: [JobID] = []
        for event in timeline {
            if queues[event.id] == nil { order.append(event.id) }
            let hasEnded = event.event == "completed" || event.event == "deleted"
            queues[event.id] = hasEnded ? "" : event.event == "moved" ? event.detail : event.queue
        }
        var jobs: [JobRecord] = []
        for id in order.filter({ queues[$0] != "" }).suffix(Self.maximumJobs) {
            if let job = try await inspector.job(id: id, queue: queues[id]), job.state != .completed {
                jobs.append(job)
            }
        }
        return jobs
    }
}
