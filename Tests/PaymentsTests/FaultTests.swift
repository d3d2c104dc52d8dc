import Foundation
import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct FaultTests {
    @Test("a lost answer leaves the outcome unknown; the same key finds the same intent, charged once")
    func successThenTimeout() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            // Gives up on what is to be lost; long enough for the stub to have done it on a busy machine.
            let hasty = stub.provider(timeout: .seconds(2))
            let method = try await provider.createPaymentMethod(.test("4242424242424242"))
            try await stub.setFaults(#"{"timeout_after_success": 2}"#)

            let create = { @Sendable (provider: HTTPPaymentProvider) async throws(PaymentError) in
                try await provider.createIntent(
                    amount: .init(amount: 1_999, currency: "eur"),
                    paymentMethod: method.id,
                    metadata: ["order": "ord_7"],
                    idempotencyKey: "ord_7:1"
                )
            }
            let lostCreate = await #expect(throws: PaymentError.self) { try await create(hasty) }
            #expect(lostCreate?.code == .unknownOutcome)
            let intent = try await create(provider)

            let confirm = { @Sendable (provider: HTTPPaymentProvider) async throws(PaymentError) in
                try await provider.confirm(
                    intent: intent.id, paymentMethod: nil, authentication: nil, idempotencyKey: "ord_7:1")
            }
            let lostConfirm = await #expect(throws: PaymentError.self) { try await confirm(hasty) }
            #expect(lostConfirm?.code == .unknownOutcome)
            // Retrieving tells the outcome before any retry.
            #expect(try await provider.retrieve(intent: intent.id).status == .succeeded)
            let paid = try await confirm(provider)
            #expect(paid.id == intent.id)
            #expect(paid.status == .succeeded)

            let succeeded = try await stub.events(type: "payment_intent.succeeded")
            #expect(succeeded.count == 1)
            #expect(succeeded.first?["data"]["object"]["amount_captured"] == .number(1_999))
        }
    }

    @Test("the provider's own second attempt heals a lost answer")
    func healed() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider(timeout: .seconds(2), attempts: 2)
            let method = try await provider.createPaymentMethod(.test("4242424242424242"))
            let intent = try await provider.createIntent(
                amount: .init(amount: 3, currency: "eur"), paymentMethod: method.id, metadata: [:], idempotencyKey: "h")
            try await stub.setFaults(#"{"timeout_after_success": 1}"#)
            let paid = try await provider.confirm(
                intent: intent.id, paymentMethod: nil, authentication: nil, idempotencyKey: "h")
            #expect(paid.status == .succeeded)
            #expect(try await stub.events(type: "payment_intent.succeeded").count == 1)
        }
    }

    @Test("an answer lost by a stop of the stub was given all the same")
    func lostByStop() async throws {
        try await withTemporaryDirectory { directory async throws in
            let waiting = try await StubHarness.run(directory: directory) { stub async throws in
                let waiting = try await stub.provider().pay("4000002500003155")
                try await stub.setFaults(#"{"timeout_after_success": 1}"#)
                let lost = await #expect(throws: PaymentError.self) {
                    try await stub.provider(timeout: .seconds(2)).confirm(
                        intent: waiting.id, paymentMethod: nil, authentication: .succeed, idempotencyKey: "k")
                }
                #expect(lost?.code == .unknownOutcome)
                return waiting
            }
            try await StubHarness.run(directory: directory) { stub async throws in
                let paid = try await stub.provider().confirm(
                    intent: waiting.id, paymentMethod: nil, authentication: .succeed, idempotencyKey: "k")
                #expect(paid.status == .succeeded)
            }
        }
    }

    @Test("an injected 500 did nothing, is retryable, and its key is free again")
    func errors() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            try await stub.setFaults(#"{"error_rate": 1}"#)
            let error = await #expect(throws: PaymentError.self) {
                try await provider.createIntent(
                    amount: .init(amount: 3, currency: "eur"), paymentMethod: nil, metadata: [:], idempotencyKey: "e")
            }
            #expect(error?.code == .unknownOutcome)
            #expect(error?.status == 500)
            #expect(error?.isRetryable == true)
            let read = await #expect(throws: PaymentError.self) { try await provider.retrieve(intent: "pi_x") }
            #expect(read?.code == .unavailable)
            try await stub.setFaults("{}")
            let intent = try await provider.createIntent(
                amount: .init(amount: 3, currency: "eur"), paymentMethod: nil, metadata: [:], idempotencyKey: "e")
            #expect(intent.status == .requiresPaymentMethod)
        }
    }

    @Test("with half of the requests failing, many payments with retries are each charged once")
    func storm() async throws {
        try await StubHarness.run { stub async throws in
            try await stub.setFaults(#"{"error_rate": 0.4}"#)
            let provider = stub.provider(attempts: 40)
            let intents = try await withThrowingTaskGroup(of: PaymentIntent.self) { group in
                for number in 0..<20 {
                    group.addTask { try await provider.pay("4242424242424242", key: "ord_\(number):1") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(intents.map(\.id)).count == 20)
            #expect(intents.allSatisfy { $0.status == .succeeded })
            try await stub.setFaults("{}")
            #expect(try await stub.events(type: "payment_intent.succeeded").count == 20)
        }
    }

    @Test("the knobs read back what was set, and an empty object clears them")
    func knobs() async throws {
        try await StubHarness.run { stub async throws in
            try await stub.setFaults(#"{"latency_ms": 1, "drop_webhooks": 2, "reorder_webhooks": true}"#)
            let set = try await stub.send(.get, "/v1/test/faults").json()
            #expect(set["latency_ms"] == .number(1))
            #expect(set["drop_webhooks"] == .number(2))
            #expect(set["reorder_webhooks"] == .bool(true))
            #expect(set["timeout_after_success"] == .number(0))
            try await stub.setFaults("{}")
            #expect(try await stub.send(.get, "/v1/test/faults").json()["latency_ms"] == .number(0))
        }
    }

    @Test("a service that is not there is unavailable: nothing happened")
    func refusedConnection() async throws {
        let provider = StubHarness(baseURL: "http://127.0.0.1:1", directory: "").provider()
        let error = await #expect(throws: PaymentError.self) {
            try await provider.createIntent(
                amount: .init(amount: 3, currency: "eur"), paymentMethod: nil, metadata: [:], idempotencyKey: "x")
        }
        #expect(error?.code == .unavailable)
        #expect(error?.isRetryable == true)
    }

    @Test("a wrong secret key is an authentication error, not a retry")
    func wrongKey() async throws {
        try await StubHarness.run { stub async throws in
            let provider = HTTPPaymentProvider(
                HTTPPaymentProviderConfiguration(baseURL: stub.baseURL, secretKey: "sk_wrong", webhookSecrets: []),
                logger: quiet
            )
            let error = await #expect(throws: PaymentError.self) { try await provider.retrieve(intent: "pi_x") }
            #expect(error?.code == .authentication)
            #expect(error?.isRetryable == false)
        }
    }
}
