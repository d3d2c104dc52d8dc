import Foundation
import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct IdempotencyTests {
    private static let body = #"{"amount": 700, "currency": "eur"}"#

    @Test("the same key and body replay the first answer and do nothing again")
    func replay() async throws {
        try await StubHarness.run { stub async throws in
            let first = try await stub.send(.post, "/v1/payment_intents", Self.body, key: "k")
            let reordered = #"{"currency":"eur","amount":700}"#
            let second = try await stub.send(.post, "/v1/payment_intents", reordered, key: "k")
            #expect(first.status == 200)
            #expect(second.status == 200)
            #expect(second.bytes == first.bytes)
            #expect(first.replayed == nil)
            #expect(second.replayed == "true")
        }
    }

    @Test("a decline is replayed too, and counted once")
    func replayDecline() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            for _ in 0..<2 {
                let error = await #expect(throws: PaymentError.self) {
                    let method = try await provider.createPaymentMethod(.test("4242424242424242"))
                    let intent = try await provider.createIntent(
                        amount: .init(amount: 1, currency: "eur"), paymentMethod: nil, metadata: [:],
                        idempotencyKey: "k")
                    let declined = try await provider.createPaymentMethod(.test("4000000000000002"))
                    _ = (method, declined)
                    return try await provider.confirm(
                        intent: intent.id, paymentMethod: nil, authentication: nil, idempotencyKey: "k")
                }
                // Without a method it is a refusal that changes nothing, and so is not remembered.
                #expect(error?.code == .invalidRequest)
            }
            let method = try await provider.createPaymentMethod(.test("4000000000000002"))
            let intent = try await provider.createIntent(
                amount: .init(amount: 1, currency: "eur"), paymentMethod: method.id, metadata: [:], idempotencyKey: "d")
            for _ in 0..<3 {
                let error = await #expect(throws: PaymentError.self) {
                    try await provider.confirm(
                        intent: intent.id, paymentMethod: nil, authentication: nil, idempotencyKey: "d")
                }
                #expect(error?.code == .declined)
            }
            #expect(try await stub.events(type: "payment_intent.payment_failed").count == 1)
        }
    }

    @Test("the same key with another body or another path is refused")
    func mismatch() async throws {
        try await StubHarness.run { stub async throws in
            #expect(try await stub.send(.post, "/v1/payment_intents", Self.body, key: "k").status == 200)
            let otherBody = try await stub.send(
                .post, "/v1/payment_intents", #"{"amount": 701, "currency": "eur"}"#, key: "k")
            #expect(otherBody.status == 400)
            #expect(try otherBody.json()["error"]["type"].string == "idempotency_error")
            let otherPath = try await stub.send(.post, "/v1/refunds", Self.body, key: "k")
            #expect(otherPath.status == 400)

            let provider = stub.provider()
            _ = try await provider.createIntent(
                amount: .init(amount: 1, currency: "eur"), paymentMethod: nil, metadata: [:], idempotencyKey: "p")
            let error = await #expect(throws: PaymentError.self) {
                try await provider.createIntent(
                    amount: .init(amount: 2, currency: "eur"), paymentMethod: nil, metadata: [:], idempotencyKey: "p")
            }
            #expect(error?.code == .idempotencyMismatch)
        }
    }

    @Test("of many requests with one key at once, one runs; the others are told to wait or get its answer")
    func concurrent() async throws {
        try await StubHarness.run { stub async throws in
            try await stub.setFaults(#"{"latency_ms": 2500}"#)
            let answers = try await withThrowingTaskGroup(of: StubHarness.Answer.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await stub.send(.post, "/v1/payment_intents", Self.body, key: "k") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let conflicts = answers.filter { $0.status == 409 }
            let successes = answers.filter { $0.status == 200 }
            #expect(conflicts.count + successes.count == 12)
            #expect(!conflicts.isEmpty)
            #expect(Set(successes.map(\.bytes)).count == 1)
            for conflict in conflicts {
                #expect(try conflict.json()["error"]["code"].string == "idempotency_key_in_use")
            }
            try await stub.setFaults("{}")
            let later = try await stub.send(.post, "/v1/payment_intents", Self.body, key: "k")
            #expect(later.bytes == successes.first?.bytes)
        }
    }

    @Test("a key's length is checked", arguments: [0, 256])
    func length(count: Int) async throws {
        try await StubHarness.run { stub async throws in
            let key = String(repeating: "x", count: count)
            #expect(try await stub.send(.post, "/v1/payment_intents", Self.body, key: key).status == 400)
        }
    }
}
