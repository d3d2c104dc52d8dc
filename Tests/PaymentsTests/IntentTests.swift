import Foundation
import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct IntentTests {
    @Test("a manual capture collects what is asked and releases the rest")
    func manualCapture() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let authorized = try await provider.pay("4242424242424242", capture: .manual)
            #expect(authorized.status == .requiresCapture)
            #expect(authorized.amountCapturable == 1_999)
            #expect(authorized.amountCaptured == 0)
            let tooMuch = await #expect(throws: PaymentError.self) {
                try await provider.capture(intent: authorized.id, amount: 2_000, idempotencyKey: "a")
            }
            #expect(tooMuch?.code == .invalidRequest)
            let captured = try await provider.capture(intent: authorized.id, amount: 1_000, idempotencyKey: "b")
            #expect(captured.status == .succeeded)
            #expect(captured.amountCaptured == 1_000)
            #expect(captured.amountCapturable == 0)
        }
    }

    @Test("an intent that has succeeded cannot be canceled or confirmed, and the refusal shows it")
    func unexpectedState() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let paid = try await provider.pay("4242424242424242")
            let cancel = await #expect(throws: PaymentError.self) {
                try await provider.cancel(intent: paid.id, idempotencyKey: "c")
            }
            #expect(cancel?.code == .unexpectedState)
            #expect(cancel?.intent?.status == .succeeded)
            let confirm = await #expect(throws: PaymentError.self) {
                try await provider.confirm(
                    intent: paid.id, paymentMethod: nil, authentication: nil, idempotencyKey: "d")
            }
            #expect(confirm?.code == .unexpectedState)
            #expect(confirm?.intent?.amountCaptured == 1_999)
        }
    }

    @Test("a canceled intent is final and says so in an event")
    func canceled() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let waiting = try await provider.pay("4000002500003155")
            #expect(try await provider.cancel(intent: waiting.id, idempotencyKey: "c").status == .canceled)
            let error = await #expect(throws: PaymentError.self) {
                try await provider.confirm(
                    intent: waiting.id, paymentMethod: nil, authentication: .succeed, idempotencyKey: "c")
            }
            #expect(error?.code == .unexpectedState)
            #expect(try await stub.events(type: "payment_intent.canceled").count == 1)
        }
    }

    @Test("an unknown id is not found, and an id that is a path is never sent")
    func unknown() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let missing = await #expect(throws: PaymentError.self) { try await provider.retrieve(intent: "pi_none") }
            #expect(missing?.code == .notFound)
            let path = await #expect(throws: PaymentError.self) { try await provider.retrieve(intent: "../events") }
            #expect(path?.code == .invalidRequest)
            #expect(path?.status == nil)
        }
    }

    @Test("refunds add up to what was captured and no further")
    func refunds() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let paid = try await provider.pay("4242424242424242")
            let part = try await provider.refund(intent: paid.id, amount: 999, idempotencyKey: "r1")
            #expect(part.status == .succeeded)
            #expect(part.amount == 999)
            let tooMuch = await #expect(throws: PaymentError.self) {
                try await provider.refund(intent: paid.id, amount: 1_001, idempotencyKey: "r2")
            }
            #expect(tooMuch?.providerCode == "amount_too_large")
            #expect(try await provider.refund(intent: paid.id, amount: nil, idempotencyKey: "r3").amount == 1_000)
            let nothingLeft = await #expect(throws: PaymentError.self) {
                try await provider.refund(intent: paid.id, amount: nil, idempotencyKey: "r4")
            }
            #expect(nothingLeft?.providerCode == "charge_already_refunded")
            #expect(try await provider.retrieve(intent: paid.id).amountRefunded == 1_999)
        }
    }

    @Test("a wrong secret key gets nothing", arguments: [nil, "Bearer sk_wrong", "sk_test_harness", "Basic x"])
    func authentication(authorization: String?) async throws {
        try await StubHarness.run { stub async throws in
            for path in ["/v1/payment_intents/pi_x", "/v1/events", "/v1/test/faults"] {
                let answer = try await stub.send(.get, path, authorization: authorization)
                #expect(answer.status == 401)
                #expect(try answer.json()["error"]["type"].string == "authentication_error")
            }
        }
    }

    @Test("the stub says that it lives")
    func live() async throws {
        try await StubHarness.run { stub async throws in
            #expect(try await stub.send(.get, "/health/live", authorization: nil).status == 200)
        }
    }
}
