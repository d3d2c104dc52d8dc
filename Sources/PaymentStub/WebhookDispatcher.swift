import AsyncHTTPClient
import Foundation
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import Payments
import ServiceLifecycle
import Synchronization

/// Posts events to their receiver until it takes them, and makes the payments and refunds that end later end.
struct WebhookDispatcher: Service {
    /// How long the reordering knob waits for a second event to swap with.
    private static let reorderPatience: Duration = .seconds(2)

    let configuration: PaymentStubConfiguration
    let store: StubStore
    let faults: Faults
    let metrics: DeliveryMetrics
    let logger: Logger
    private let signature: WebhookSignature
    private let held = Held()

    init(
        configuration: PaymentStubConfiguration, store: StubStore, faults: Faults, metrics: DeliveryMetrics,
        logger: Logger
    ) {
        self.metrics = metrics
        self.configuration = configuration
        self.store = store
        self.faults = faults
        self.logger = logger
        signature = WebhookSignature(secrets: configuration.webhookSecrets)
    }

    /// The event that waits to be overtaken.
    private final class Held: Sendable {
        let event = Mutex<String?>(nil)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await work in store.work {
                    group.addTask { await perform(work) }
                }
                group.cancelAll()
            }
        }
        // The server is stopped before this service: no request is left that could need the journal.
        await store.close()
    }

    private func perform(_ work: StubStore.Work) async {
        do {
            switch work {
            case .deliver(let event): try await reorderOrDeliver(event)
            case .deliverNow(let event): try await deliver(event)
            case .settle(let intent, let at):
                try await sleep(until: at)
                try await store.update { state, now in state.settle(intent, now: now) }
            case .failRefund(let refund, let at):
                try await sleep(until: at)
                try await store.update { state, now in state.failRefund(refund, now: now) }
            }
        } catch is CancellationError {
            return  // Shutting down; the journal still has it, so the next start takes it up.
        } catch {
            logger.error(
                "work was not done and waits for a restart", metadata: ["work": "\(work)", "error": "\(error)"])
        }
    }

    private func sleep(until milliseconds: Int64) async throws {
        while true {
            let left = milliseconds - Date().milliseconds
            guard left > 0 else { return }
            try await Task.sleep(for: .milliseconds(left))
        }
    }

    private func reorderOrDeliver(_ event: String) async throws {
        guard faults.current.reorderWebhooks else { return try await deliver(event) }
        let overtaken: String? = held.event.withLock { held in
            defer { held = held == nil ? event : nil }
            return held
        }
        if let overtaken {
            return try await deliver(event) { store.schedule(.deliverNow(event: overtaken)) }
        }
        try await Task.sleep(for: Self.reorderPatience)
        let isStillHeld = held.event.withLock { held in
            guard held == event else { return false }
            held = nil
            return true
        }
        if isStillHeld { try await deliver(event) }
    }

    /// Tries until the receiver takes the event or it is abandoned.
    private func deliver(_ id: String, afterFirstAttempt: () -> Void = {}) async throws {
        guard let url = configuration.webhookURL,
            let stored = try await store.read({ $0.events[id] }), stored.delivery == .pending
        else { return afterFirstAttempt() }
        if faults.takeDrop() {
            try await record(stored, attempt: stored.attempts + 1, url: url, outcome: .dropped)
            return afterFirstAttempt()
        }

        var attempt = stored.attempts
        while attempt < configuration.webhookMaximumAttempts {
            attempt += 1
            let outcome = await post(stored.event, to: url)
            try await record(stored, attempt: attempt, url: url, outcome: outcome)
            if outcome.isDelivered, faults.current.duplicateWebhooks {
                try await record(stored, attempt: attempt + 1, url: url, outcome: await post(stored.event, to: url))
            }
            if attempt == stored.attempts + 1 { afterFirstAttempt() }
            guard !outcome.isDelivered else { return }
            try await Task.sleep(for: backoff(after: attempt))
        }
    }

    private enum Outcome {
        case answered(Int)
        case failed(String)
        case dropped

        var isDelivered: Bool {
            guard case .answered(let status) = self else { return false }
            return (200..<300).contains(status)
        }
    }

    private func post(_ event: PaymentEvent, to url: String) async -> Outcome {
        do {
            let body = Array(try StubJSON.encode(Body(object: "event", value: event)).utf8)
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.headers.add(name: PaymentStub.signatureHeader, value: signature.header(for: body, at: Date()))
            request.body = .bytes(ByteBuffer(bytes: body))
            let response = try await HTTPClient.payments.execute(
                request, timeout: TimeAmount(configuration.webhookTimeout))
            _ = try await response.body.collect(upTo: 1 << 16)
            return .answered(Int(response.status.code))
        } catch {
            return .failed("\(error)")
        }
    }

    private func record(_ stored: StoredEvent, attempt: Int, url: String, outcome: Outcome) async throws {
        let isLast = attempt >= configuration.webhookMaximumAttempts
        var entry = DeliveryAttempt(
            id: StubID.make("whd"),
            event: stored.event.id,
            type: stored.event.kind.rawValue,
            attempt: attempt,
            url: url,
            at: Date().milliseconds,
            outcome: outcome.isDelivered ? "delivered" : "failed"
        )
        var delivery: StoredEvent.Delivery = outcome.isDelivered ? .delivered : isLast ? .abandoned : .pending
        switch outcome {
        case .answered(let status):
            entry.status = status
            (outcome.isDelivered ? metrics.delivered : metrics.failed).increment()
        case .failed(let error):
            entry.error = error
            metrics.failed.increment()
        case .dropped:
            metrics.dropped.increment()
            entry.outcome = "dropped"
            delivery = .dropped
        }
        try await store.update { [entry, delivery] state, _ in
            guard var current = state.events[stored.event.id] else { return }
            current.attempts = attempt
            // A duplicate's failure does not undo the delivery.
            if current.delivery == .pending { current.delivery = delivery }
            state.put(current)
            state.put(entry)
        }
    }

    /// Exponential with half jitter: an endpoint that comes back is not met by everything at once.
    private func backoff(after attempt: Int) -> Duration {
        let doubled = configuration.webhookBackoff * (1 << min(attempt - 1, 16))
        return min(doubled, configuration.webhookMaximumBackoff) * Double.random(in: 0.5...1)
    }
}
