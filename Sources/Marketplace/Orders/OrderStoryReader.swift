import Foundation
import JobQueue
import RedisClient

/// Puts the parts of an order's story together.
struct OrderStoryReader {
    let order: Order
    private var events: [OrderStory.Event] = []

    init(order: Order) {
        self.order = order
    }

    /// By time; what happened in the same millisecond stays as it was added: the order's steps first, then its jobs.
    var sorted: [OrderStory.Event] {
        events.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// The order's steps; where they are not kept, its times stand for them.
    mutating func add(log: [RESPValue]) {
        let steps = log.compactMap { Step($0) }
        let known = Set(steps.map(\.what))
        func stand(_ what: String, _ time: Timestamp?) {
            guard let time, !known.contains(what) else { return }
            add(Step(at: time.milliseconds, what: what))
        }
        stand("created", order.createdAt)
        steps.forEach { add($0) }
        stand("paid", order.paidAt)
        stand("fulfilled", order.fulfilledAt)
        if let time = order.canceledAt { stand(order.status.rawValue, time) }
    }

    /// The request that made the order, where no step has it.
    mutating func add(requestID: String) {
        guard !requestID.isEmpty, let index = events.firstIndex(where: { $0.event == "created" }) else { return }
        if events[index].request == nil { events[index].request = requestID }
    }

    mutating func add(entitlement: String, log: [RESPValue]) {
        for step in log.compactMap({ Step($0) }) {
            let detail = [step.detail, entitlement].filter { !$0.isEmpty }.joined(separator: ", ")
            events.append(
                OrderStory.Event(
                    at: step.at, source: .download, event: step.what, detail: detail, request: step.request,
                    subject: step.reference ?? entitlement))
        }
    }

    mutating func add(entry: RESPValue) throws {
        let transaction = try LedgerTransaction(entry)
        let lines = transaction.lines.map { line in
            "\(line.account) \(Money(amount: line.amount, currency: transaction.currency).formatted())"
        }
        let at = CommerceRecord.time(of: entry) ?? Int64(transaction.id.prefix { $0 != "-" }) ?? 0
        events.append(
            OrderStory.Event(
                at: at, source: .money, event: transaction.kind, detail: lines.joined(separator: "; "),
                subject: transaction.id))
    }

    mutating func add(_ event: TimelineEvent) {
        events.append(
            OrderStory.Event(
                at: event.at, source: .job, event: event.event, detail: event.detail, subject: event.id.rawValue,
                queue: event.queue, type: event.name))
    }

    private mutating func add(_ step: Step) {
        events.append(
            OrderStory.Event(
                at: step.at, source: Self.source(of: step.what), event: step.what, detail: step.detail,
                request: step.request, subject: step.reference))
    }

    private static func source(of step: String) -> OrderStory.Source {
        switch step {
        case "created", "answered", "paid_again", "canceled": .request
        case "mail": .mail
        case "expired", "fulfilled": .order
        default: .payment
        }
    }

    /// A line that `ckeys.note` wrote (`Lua/order_keys.lua`).
    private struct Step {
        var at: Int64
        var what: String
        var request: String?
        var detail = ""
        var reference: String?

        init(at: Int64, what: String) {
            self.at = at
            self.what = what
        }

        init?(_ line: RESPValue) {
            // A line of another form, from another version, is no reason to hide the others.
            guard let text = line.string, let parts = try? JSONDecoder().decode([String].self, from: Data(text.utf8)),
                parts.count == 5, let at = Int64(parts[0])
            else { return nil }
            self.init(at: at, what: parts[1])
            request = parts[2].isEmpty ? nil : parts[2]
            detail = parts[3]
            reference = parts[4].isEmpty ? nil : parts[4]
        }
    }
}

extension CommerceRecord {
    /// When a ledger entry was written; `nil` if it does not say.
    fileprivate static func time(of entry: RESPValue) -> Int64? {
        ScriptReply.record(entry[1])["at"].flatMap { Int64($0) }
    }
}
