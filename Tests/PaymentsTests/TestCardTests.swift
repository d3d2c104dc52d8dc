import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct TestCardTests {
    @Test(
        "cards that the bank accepts collect the amount",
        arguments: [
            ("4242 4242 4242 4242", "visa", "4242"),
            ("5555-5555-5555-4444", "mastercard", "4444"),
            ("4000000000000259", "visa", "0259"),
            ("4000000000005126", "visa", "5126"),
        ])
    func accepted(number: String, brand: String, last4: String) async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let method = try await provider.createPaymentMethod(.test(number))
            #expect(method.brand == brand)
            #expect(method.last4 == last4)
            let intent = try await provider.pay(number)
            #expect(intent.status == .succeeded)
            #expect(intent.amountCaptured == 1_999)
            #expect(intent.total == PaymentAmount(amount: 1_999, currency: "eur"))
            #expect(intent.metadata == ["order": "ord_1"])
            #expect(intent.lastError == nil)
            #expect(try await provider.retrieve(intent: intent.id).status == .succeeded)
        }
    }

    @Test(
        "cards that the bank declines are 402 with the field's codes, and the intent can be tried again",
        arguments: [
            ("4000000000000002", "card_declined", "generic_decline"),
            ("4000000000009995", "card_declined", "insufficient_funds"),
            ("4000000000000069", "expired_card", "expired_card"),
            ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
            ("4000000000000119", "processing_error", "processing_error"),
            ("4111111111111111", "card_declined", "test_mode_live_card"),
        ])
    func declined(number: String, code: String, declineCode: String) async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let error = try #require(await #expect(throws: PaymentError.self) { try await provider.pay(number) })
            #expect(error.code == .declined, "\(error)")
            #expect(error.status == 402)
            #expect(error.decline?.code == code)
            #expect(error.decline?.declineCode == declineCode)
            #expect(!error.isRetryable)
            let intent = try #require(error.intent)
            #expect(intent.status == .requiresPaymentMethod)
            #expect(intent.amountCaptured == 0)
            #expect(intent.lastError == error.decline)

            let other = try await provider.createPaymentMethod(.test("4242424242424242"))
            let paid = try await provider.confirm(
                intent: intent.id, paymentMethod: other.id, authentication: nil, idempotencyKey: "again")
            #expect(paid.status == .succeeded)
            #expect(paid.lastError == nil)
        }
    }

    @Test("the wire form of a decline is the field's error object")
    func wireForm() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let method = try await provider.createPaymentMethod(.test("4000000000009995"))
            let body = #"{"amount": 5, "currency": "eur", "payment_method": "\#(method.id)"}"#
            let intent = try await stub.send(.post, "/v1/payment_intents", body).json()
            #expect(intent["object"].string == "payment_intent")
            let id = try #require(intent["id"].string)
            let answer = try await stub.send(.post, "/v1/payment_intents/\(id)/confirm")
            #expect(answer.status == 402)
            let error = try answer.json()["error"]
            #expect(error["type"].string == "card_error")
            #expect(error["code"].string == "card_declined")
            #expect(error["decline_code"].string == "insufficient_funds")
            #expect(error["message"].string == "Your card has insufficient funds.")
            #expect(error["payment_intent"]["status"].string == "requires_payment_method")
        }
    }

    @Test("a card that needs confirmation succeeds after the payer approves")
    func approved() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let waiting = try await provider.pay("4000002500003155")
            #expect(waiting.status == .requiresAction)
            #expect(waiting.nextAction?.type == "authenticate")
            #expect(waiting.amountCaptured == 0)
            let paid = try await provider.confirm(
                intent: waiting.id, paymentMethod: nil, authentication: .succeed, idempotencyKey: "k")
            #expect(paid.status == .succeeded)
            #expect(paid.nextAction == nil)
        }
    }

    @Test("a card that needs confirmation is declined after the payer refuses")
    func refused() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let waiting = try await provider.pay("4000002500003155")
            let error = try #require(
                await #expect(throws: PaymentError.self) {
                    try await provider.confirm(
                        intent: waiting.id, paymentMethod: nil, authentication: .fail, idempotencyKey: "k")
                })
            #expect(error.code == .declined, "\(error)")
            #expect(error.decline?.code == "payment_intent_authentication_failure")
            #expect(error.intent?.status == .requiresPaymentMethod)
        }
    }

    @Test("the challenge page approves for who has its address, once")
    func challengePage() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let waiting = try await provider.pay("4000002500003155")
            let url = try #require(waiting.nextAction?.url)
            #expect(url.hasPrefix(stub.baseURL + "/challenge/\(waiting.id)?client_secret="))
            let page = try await stub.send(.get, url, authorization: nil)
            #expect(page.status == 200)
            #expect(page.text.contains("Approve"))
            let guessed = try await stub.send(.get, "/challenge/\(waiting.id)?client_secret=x", authorization: nil)
            #expect(guessed.status == 404)
            #expect(try await stub.send(.post, url + "&answer=succeed", authorization: nil).text.contains("Approved"))
            #expect(try await stub.send(.post, url + "&answer=fail", authorization: nil).text.contains("Approved"))
            #expect(try await provider.retrieve(intent: waiting.id).status == .succeeded)
            #expect(try await stub.events(type: "payment_intent.succeeded").count == 1)
        }
    }

    @Test("a disputed payment succeeds, is marked and cannot be refunded")
    func dispute() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            let intent = try await provider.pay("4000000000000259")
            #expect(try await provider.retrieve(intent: intent.id).disputed)
            let event = try #require(try await stub.events(type: "charge.dispute.created").first)
            #expect(event["data"]["object"]["payment_intent"].string == intent.id)
            let error = await #expect(throws: PaymentError.self) {
                try await provider.refund(intent: intent.id, amount: nil, idempotencyKey: "r")
            }
            #expect(error?.providerCode == "charge_disputed")
        }
    }
}
