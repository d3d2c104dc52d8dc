import Foundation
import Payments

/// All that the stub knows; every change is made by a function that also records it for the journal.
struct StubState: Sendable {
    /// The log answers "what happened lately"; older attempts are of no use and would grow without end.
    private static let maximumAttempts = 1_000
    /// Stripe's retention of idempotency keys.
    private static let keyRetention: Int64 = 24 * 3_600 * 1_000

    private(set) var methods: [String: StoredMethod] = [:]
    private(set) var intents: [String: StoredIntent] = [:]
    private(set) var refunds: [String: StoredRefund] = [:]
    private(set) var disputes: [String: PaymentDispute] = [:]
    private(set) var events: [String: StoredEvent] = [:]
    private(set) var eventOrder: [String] = []
    private(set) var attempts: [DeliveryAttempt] = []
    private(set) var keys: [String: StoredKey] = [:]
    /// What changed since the last `takeChanges()`.
    private var changes = JournalEntry()

    /// Whether events have a receiver.
    var hasReceiver: Bool

    init(hasReceiver: Bool) {
        self.hasReceiver = hasReceiver
    }

    mutating func takeChanges() -> JournalEntry {
        defer { changes = JournalEntry() }
        return changes
    }

    /// Brings the state to where it was when the entry was written.
    mutating func replay(_ entry: JournalEntry) {
        for method in entry.methods ?? [] { put(method) }
        for intent in entry.intents ?? [] { put(intent) }
        for refund in entry.refunds ?? [] { put(refund) }
        for dispute in entry.disputes ?? [] { put(dispute) }
        for event in entry.events ?? [] { put(event) }
        for attempt in entry.attempts ?? [] { put(attempt) }
        if let key = entry.key { put(key) }
        changes = JournalEntry()
    }

    mutating func put(_ method: StoredMethod) {
        methods[method.method.id] = method
        changes.methods = (changes.methods ?? []) + [method]
    }

    mutating func put(_ intent: StoredIntent) {
        intents[intent.intent.id] = intent
        changes.intents = (changes.intents ?? []).filter { $0.intent.id != intent.intent.id } + [intent]
    }

    mutating func put(_ refund: StoredRefund) {
        refunds[refund.refund.id] = refund
        changes.refunds = (changes.refunds ?? []) + [refund]
    }

    mutating func put(_ dispute: PaymentDispute) {
        disputes[dispute.id] = dispute
        changes.disputes = (changes.disputes ?? []) + [dispute]
    }

    mutating func put(_ event: StoredEvent) {
        if events.updateValue(event, forKey: event.event.id) == nil {
            eventOrder.append(event.event.id)
        }
        changes.events = (changes.events ?? []) + [event]
    }

    mutating func put(_ attempt: DeliveryAttempt) {
        attempts.append(attempt)
        if attempts.count > 2 * Self.maximumAttempts {
            attempts.removeFirst(attempts.count - Self.maximumAttempts)
        }
        changes.attempts = (changes.attempts ?? []) + [attempt]
    }

    mutating func put(_ key: StoredKey) {
        keys[key.key] = key
        changes.key = key
    }

    mutating func emit(_ kind: PaymentEvent.Kind, _ object: PaymentEvent.Object, now: Date) {
        let event = PaymentEvent(id: StubID.make("evt"), kind: kind, created: now.seconds, object: object)
        put(StoredEvent(event: event, delivery: hasReceiver ? .pending : .none, attempts: 0))
    }

    /// The stored answer for a key that is still remembered.
    func remembered(_ key: String, now: Date) -> StoredKey? {
        guard let stored = keys[key], now.milliseconds - stored.at < Self.keyRetention else { return nil }
        return stored
    }
}

extension Date {
    var seconds: Int64 { Int64(timeIntervalSince1970) }
    var milliseconds: Int64 { Int64(timeIntervalSince1970 * 1_000) }
}

/// Ids in the field's form: a prefix and 24 letters and digits (142 random bits).
enum StubID {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    static func make(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<24).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return "\(prefix)_\(String(random))"
    }
}
