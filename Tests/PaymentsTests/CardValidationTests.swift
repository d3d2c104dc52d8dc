import Foundation
import Payments
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CardValidationTests {
    private static let year = Calendar.current.component(.year, from: Date()) + 1

    @Test(
        "a card that cannot exist is refused with the field and the reason",
        arguments: [
            (Card(number: "4242424242424241", expMonth: 1, expYear: year, cvc: "123"), "number", "incorrect_number"),
            (Card(number: "4242", expMonth: 1, expYear: year, cvc: "123"), "number", "invalid_number"),
            (Card(number: "", expMonth: 1, expYear: year, cvc: "123"), "number", "invalid_number"),
            (Card(number: "4242x24242424242", expMonth: 1, expYear: year, cvc: "123"), "number", "invalid_number"),
            (Card(number: "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", expMonth: 1, expYear: year, cvc: "123"), "number", "invalid_number"),
            (
                Card(number: "4242424242424242", expMonth: 13, expYear: year, cvc: "123"), "exp_month",
                "invalid_expiry_month"
            ),
            (
                Card(number: "4242424242424242", expMonth: 0, expYear: year, cvc: "123"), "exp_month",
                "invalid_expiry_month"
            ),
            (
                Card(number: "4242424242424242", expMonth: 1, expYear: 2020, cvc: "123"), "exp_year",
                "invalid_expiry_year"
            ),
            (Card(number: "4242424242424242", expMonth: 1, expYear: 30, cvc: "123"), "exp_year", "invalid_expiry_year"),
            (Card(number: "4242424242424242", expMonth: 1, expYear: year, cvc: "12"), "cvc", "invalid_cvc"),
            (Card(number: "4242424242424242", expMonth: 1, expYear: year, cvc: "12a"), "cvc", "invalid_cvc"),
            (Card(number: "378282246310005", expMonth: 1, expYear: year, cvc: "123"), "cvc", "invalid_cvc"),
        ])
    func refused(card: Card, parameter: String, reason: String) async throws {
        try await StubHarness.run { stub async throws in
            let error = await #expect(throws: PaymentError.self) {
                try await stub.provider().createPaymentMethod(card)
            }
            #expect(error?.code == .invalidCard)
            #expect(error?.parameter == parameter)
            #expect(error?.providerCode == reason)
        }
    }

    @Test(
        "a body that is wrong names the parameter",
        arguments: [
            ("/v1/payment_methods", "{}", "card", "parameter_missing"),
            (
                "/v1/payment_methods", #"{"card": {"number": 4242, "exp_month": 1, "exp_year": 2030, "cvc": "123"}}"#,
                "card.number", "parameter_invalid"
            ),
            (
                "/v1/payment_methods", #"{"card": {"number": "4242424242424242", "exp_year": 2030, "cvc": "123"}}"#,
                "card.exp_month", "parameter_missing"
            ),
            ("/v1/payment_intents", #"{"amount": 0, "currency": "eur"}"#, "amount", "parameter_invalid_integer"),
            ("/v1/payment_intents", #"{"amount": 1.5, "currency": "eur"}"#, "amount", "parameter_invalid"),
            ("/v1/payment_intents", #"{"amount": 100000000, "currency": "eur"}"#, "amount", "amount_too_large"),
            ("/v1/payment_intents", #"{"amount": 1, "currency": "euro"}"#, "currency", "invalid_currency"),
            (
                "/v1/payment_intents", #"{"amount": 1, "currency": "eur", "payment_method": "pm_x"}"#, "payment_method",
                "resource_missing"
            ),
            (
                "/v1/payment_intents", #"{"amount": 1, "currency": "eur", "capture_method": "later"}"#,
                "capture_method", "parameter_invalid"
            ),
            ("/v1/refunds", #"{"payment_intent": "pi_x"}"#, "payment_intent", "resource_missing"),
            ("/v1/test/faults", #"{"error_rate": 2}"#, "error_rate", "parameter_invalid"),
        ])
    func parameters(path: String, body: String, parameter: String, code: String) async throws {
        try await StubHarness.run { stub async throws in
            let answer = try await stub.send(.post, path, body)
            #expect(answer.status == 400)
            let error = try answer.json()["error"]
            #expect(error["type"].string == "invalid_request_error")
            #expect(error["param"].string == parameter)
            #expect(error["code"].string == code)
        }
    }

    @Test("a body that is no JSON, or too large, is refused")
    func bodies() async throws {
        try await StubHarness.run { stub async throws in
            #expect(
                try await stub.send(.post, "/v1/payment_intents", "[").json()["error"]["code"].string == "invalid_json")
            let large = String(repeating: " ", count: 100_000)
            #expect(try await stub.send(.post, "/v1/payment_intents", large).status == 413)
        }
    }

    @Test("neither the journal nor any text of a card holds its number")
    func noNumber() async throws {
        try await StubHarness.run { stub async throws in
            let provider = stub.provider()
            _ = try await provider.pay("4242424242424242")
            _ = try? await provider.pay("4000000000000002", key: "other")  // Declined, as it should be.
            let journal = try String(contentsOfFile: stub.journalPath, encoding: .utf8)
            #expect(journal.contains("4242"))
            #expect(!journal.contains("42424242"))
            #expect(!journal.contains("4000000000000002"))
        }
        let card = Card.test("4242424242424242")
        var dumped = ""
        dump(card, to: &dumped)
        for text in ["\(card)", String(reflecting: card), dumped, String(describing: [card])] {
            #expect(!text.contains("4242"))
            #expect(!text.contains("123"))
        }
    }
}
