import API
import Foundation
import Marketplace
import Testing

struct EventTests {
    @Test("an order's events begin with what it is and end when it is fulfilled")
    func initialStateAndEnd() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let order = try await installation.buy([product], as: buyer)
            let id = order["id"].string ?? ""
            // The stream ends by itself, so a plain GET collects it.
            let answer = try await installation.get("/v1/orders/\(id)/events", as: buyer)
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "text/event-stream")
            let events = answer.text.components(separatedBy: "\n\n").filter { $0.contains("event: order") }
            #expect(events.first?.contains("\"id\":\"\(id)\"") == true)
            #expect(events.last?.contains("\"fulfilment_status\":\"fulfilled\"") == true)

            // A reader that has seen everything gets nothing again.
            let last = events.last?.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4) ?? ""
            let again = try await installation.get(
                "/v1/orders/\(id)/events", as: buyer, headers: ["Last-Event-ID": String(last)])
            #expect(!again.text.contains("event: order"))
        }
    }

    @Test("changes arrive as they happen, comments keep the line, and the server forgets a client that left")
    func changes() async throws {
        try await withInstallation(configure: { $0.heartbeat = .milliseconds(20) }) { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let open = try await installation.checkout(cart, as: buyer, card: "4000002500003155")
            #expect(open.status == 202)
            let id = open.json["id"].string ?? ""
            let head = "GET /v1/orders/\(id)/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(buyer)\r\n\r\n"

            let leaving = try RawConnection(port: installation.port)
            await leaving.send(head)
            _ = try await leaving.read(until: "requires_action")
            _ = try await leaving.read(until: ": still here")
            let staying = try RawConnection(port: installation.port)
            await staying.send(head)
            _ = try await staying.read(until: "requires_action")
            leaving.end()
            for _ in 0..<1_000 where installation.events.waiting > 1 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(installation.events.waiting == 1)

            let paid = try await installation.post(
                "/v1/payment-intents/\(open.json["payment"]["id"].string ?? "")/confirm",
                #"{"authentication":"succeed"}"#, as: buyer, headers: ["Idempotency-Key": "k", "Prefer": "wait=30"])
            #expect(paid.status == 201)
            let rest = try await staying.read(until: "\"fulfilment_status\":\"fulfilled\"")
            #expect(rest.contains("\"status\":\"paid\""))
        }
    }
}
