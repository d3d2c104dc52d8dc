import Foundation
import Payments
import Testing

struct WebhookTests {
    private let body = Array(
        #"{"id":"evt_1","object":"event","type":"customer.unheard_of","created":1,"data":{"object":{"id":"pi_1"}}}"#
            .utf8)

    @Test("an event must be signed over its exact bytes, in time")
    func signatures() async throws {
        try await withInstallation { installation in
            let signature = WebhookSignature(secrets: ["whsec"])
            func post(_ header: String?, _ bytes: [UInt8], provider: String = "stub") async throws -> Answer {
                var headers = ["Content-Type": "application/json"]
                headers["Payment-Signature"] = header
                return try await installation.send(
                    "POST", "/v1/webhooks/payments/\(provider)", headers: headers, bytes: bytes)
            }
            let good = signature.header(for: body, at: Date())
            #expect(try await post(good, body).status == 200)
            #expect(try await post(good, body).status == 200)
            try await post(nil, body).expectProblem(400, "invalid_signature")
            try await post("t=1,v1=00", body).expectProblem(400, "invalid_signature")
            try await post(good, body + [0x20]).expectProblem(400, "invalid_signature")
            let old = signature.header(for: body, at: Date(timeIntervalSinceNow: -400))
            try await post(old, body).expectProblem(400, "invalid_signature")
            let stranger = WebhookSignature(secrets: ["other"]).header(for: body, at: Date())
            try await post(stranger, body).expectProblem(400, "invalid_signature")
            try await post(good, body, provider: "other").expectProblem(404, "not_found")
        }
    }
}
