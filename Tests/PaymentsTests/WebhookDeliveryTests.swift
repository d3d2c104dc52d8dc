import Foundation
import PaymentStub
import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct WebhookDeliveryTests {
    @Test("events arrive signed and are read back as what they are")
    func delivered() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                let provider = stub.provider()
                let waiting = try await provider.pay("4000002500003155")
                _ = try? await provider.pay("4000000000000002", key: "declined")  // For its event.
                let paid = try await provider.pay("4242424242424242", key: "paid")
                let refund = try await provider.refund(intent: paid.id, amount: 5, idempotencyKey: "r")
                _ = try await provider.cancel(intent: waiting.id, idempotencyKey: "c")
                let disputed = try await provider.pay("4000000000000259", key: "disputed")

                _ = try await receiver.wait(for: 7)
                let events = try receiver.deliveries.map { delivery in
                    try provider.verifyEvent(payload: delivery.body, signature: delivery.signature, now: Date())
                }
                #expect(
                    Set(events.map(\.kind)) == [
                        .requiresAction, .paymentFailed, .succeeded, .refunded, .canceled, .disputeCreated,
                    ])
                #expect(events.first { $0.kind == .requiresAction }?.intentID == waiting.id)
                #expect(events.first { $0.kind == .refunded }?.object == .refund(refund))
                #expect(events.first { $0.kind == .disputeCreated }?.intentID == disputed.id)
                guard
                    case .intent(let intent)? = events.first(where: { $0.kind == .succeeded && $0.intentID == paid.id }
                    )?.object
                else { throw HarnessError(description: "no intent in the event") }
                #expect(intent.amountCaptured == 1_999)
                #expect(intent.metadata["order"] == "ord_1")
            }
        }
    }

    @Test("an event with a changed body or a wrong secret is refused")
    func forged() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                let provider = stub.provider()
                _ = try await provider.pay("4242424242424242")
                _ = try await receiver.wait(for: 1)
                let delivery = try #require(receiver.deliveries.first)
                let changed = Array(String(decoding: delivery.body, as: UTF8.self).replacing("1999", with: "1").utf8)
                let error = #expect(throws: PaymentError.self) {
                    try provider.verifyEvent(payload: changed, signature: delivery.signature, now: Date())
                }
                #expect(error?.code == .invalidSignature)
                let late = #expect(throws: PaymentError.self) {
                    try provider.verifyEvent(
                        payload: delivery.body, signature: delivery.signature, now: Date().addingTimeInterval(400))
                }
                #expect(late?.code == .invalidSignature)
                let unreadable = Array("{}".utf8)
                let header = WebhookSignature(secrets: StubHarness.webhookSecrets).header(for: unreadable, at: Date())
                let malformed = #expect(throws: PaymentError.self) {
                    try provider.verifyEvent(payload: unreadable, signature: header, now: Date())
                }
                #expect(malformed?.code == .malformedEvent)
            }
        }
    }

    @Test("a receiver that refuses gets the event again, and the log shows each attempt")
    func retried() async throws {
        try await WebhookReceiver.run(refusals: 3) { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                _ = try await stub.provider().pay("4242424242424242")
                let events = try await receiver.wait(for: 4)
                #expect(Set(events.map(\.id)).count == 1)
                let log = try await deliveries(stub, count: 4)
                #expect(log.map { $0["outcome"].string } == ["delivered", "failed", "failed", "failed"])
                #expect(log.map { $0["status"] } == [.number(200), .number(503), .number(503), .number(503)])
                #expect(log.map { $0["attempt"] } == [.number(4), .number(3), .number(2), .number(1)])
            }
        }
    }

    @Test("an event that nobody took is abandoned and says so")
    func abandoned() async throws {
        try await StubHarness.run(webhookURL: "http://127.0.0.1:1/hook") { configuration in
            configuration.webhookMaximumAttempts = 2
        } _: { stub async throws in
            _ = try await stub.provider().pay("4242424242424242")
            _ = try await deliveries(stub, count: 2)
            #expect(try await stub.events().first?["delivery"].string == "abandoned")
        }
    }

    @Test("what was not delivered before a stop is delivered after the start")
    func afterRestart() async throws {
        try await withTemporaryDirectory { directory async throws in
            let paid = try await StubHarness.run(directory: directory, webhookURL: "http://127.0.0.1:1/hook") {
                stub async throws in
                try await stub.provider().pay("4242424242424242")
            }
            try await WebhookReceiver.run { receiver, url async throws in
                try await StubHarness.run(directory: directory, webhookURL: url) { _ async throws in
                    #expect(try await receiver.wait(for: 1).first?.intentID == paid.id)
                }
            }
        }
    }

    @Test("a refund that the bank returns fails later, and the money counts as kept")
    func refundFails() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                let provider = stub.provider()
                let paid = try await provider.pay("4000000000005126")
                let refund = try await provider.refund(intent: paid.id, amount: nil, idempotencyKey: "r")
                #expect(refund.status == .succeeded)
                let events = try await receiver.wait(for: 3)
                guard case .refund(let failed)? = events.first(where: { $0.kind == .refundFailed })?.object else {
                    throw HarnessError(description: "no refund in the event")
                }
                #expect(failed.id == refund.id)
                #expect(failed.status == .failed)
                #expect(failed.failureReason == "lost_or_stolen_card")
                #expect(try await provider.retrieve(intent: paid.id).amountRefunded == 0)
            }
        }
    }

    @Test("the duplicate knob delivers each event twice under one id")
    func duplicates() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                try await stub.setFaults(#"{"duplicate_webhooks": true}"#)
                _ = try await stub.provider().pay("4242424242424242")
                let events = try await receiver.wait(for: 2)
                #expect(events.count == 2)
                #expect(events[0] == events[1])
            }
        }
    }

    @Test("the loss knob loses so many events, and the log admits it")
    func loss() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                let provider = stub.provider()
                try await stub.setFaults(#"{"drop_webhooks": 1}"#)
                let lost = try await provider.pay("4242424242424242", key: "lost")
                _ = try await deliveries(stub, count: 1)
                let told = try await provider.pay("4242424242424242", key: "told")
                #expect(try await receiver.wait(for: 1).map(\.intentID) == [told.id])
                let log = try await deliveries(stub, count: 2)
                #expect(log.map { $0["outcome"].string } == ["delivered", "dropped"])
                let dropped = try await stub.events().first { $0["data"]["object"]["id"].string == lost.id }
                #expect(dropped?["delivery"].string == "dropped")
            }
        }
    }

    @Test("the reorder knob lets a later event arrive first")
    func reordered() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                let provider = stub.provider()
                try await stub.setFaults(#"{"reorder_webhooks": true}"#)
                let waiting = try await provider.pay("4000002500003155")
                _ = try await provider.confirm(
                    intent: waiting.id, paymentMethod: nil, authentication: .succeed, idempotencyKey: "k")
                #expect(try await receiver.wait(for: 2).map(\.kind) == [.succeeded, .requiresAction])
            }
        }
    }

    @Test("the reorder knob does not hold a lone event for ever")
    func reorderedAlone() async throws {
        try await WebhookReceiver.run { receiver, url async throws in
            try await StubHarness.run(webhookURL: url) { stub async throws in
                try await stub.setFaults(#"{"reorder_webhooks": true}"#)
                _ = try await stub.provider().pay("4242424242424242")
                #expect(try await receiver.wait(for: 1).map(\.kind) == [.succeeded])
            }
        }
    }

    /// The delivery log, newest first, once it has `count` entries: an attempt is logged after the receiver has seen it.
    private func deliveries(_ stub: StubHarness, count: Int) async throws -> [JSON] {
        while true {
            let log = try await stub.send(.get, "/v1/webhook_deliveries?limit=100").json()["data"].array
            if log.count >= count { return log }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
