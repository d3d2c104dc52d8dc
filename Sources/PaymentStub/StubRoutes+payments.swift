import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Payments

extension StubRoutes {
    func addPayments(to group: RouterGroup<BasicRequestContext>) {
        group.post("payment_methods") { request, _ in try await createMethod(request) }
        group.get("payment_methods/{id}") { _, context in try await showMethod(context.parameters.require("id")) }
        group.post("payment_intents") { request, _ in try await createIntent(request) }
        group.get("payment_intents/{id}") { _, context in try await showIntent(context.parameters.require("id")) }
        group.post("payment_intents/{id}/confirm") { request, context in
            try await confirm(request, id: context.parameters.require("id"))
        }
        group.post("payment_intents/{id}/capture") { request, context in
            try await capture(request, id: context.parameters.require("id"))
        }
        group.post("payment_intents/{id}/cancel") { request, context in
            let id = try context.parameters.require("id")
            return try await change(request, try await collect(request)) { state, now in
                try Self.reply(try state.cancel(id, now: now))
            }
        }
        group.post("refunds") { request, _ in try await createRefund(request) }
        group.get("refunds/{id}") { _, context in try await showRefund(context.parameters.require("id")) }
    }

    /// Not idempotent: remembering the request would mean to keep something that a card number can be guessed from.
    private func createMethod(_ request: Request) async throws -> Response {
        let parameters = try StubJSON.decode(MethodRequest.self, from: try await collect(request))
        guard parameters.type ?? "card" == "card" else {
            throw StubError.invalid("parameter_invalid", param: "type", "Only the type 'card' is supported.")
        }
        try await faults.beforeRequest()
        let reply = try await store.commit(key: nil) { state, now in
            let method = try state.createMethod(parameters.card, now: now)
            return Reply(status: 200, body: try StubJSON.encode(Body(object: "payment_method", value: method)))
        }
        return response(reply)
    }

    private func showMethod(_ id: String) async throws -> Response {
        try await faults.beforeRequest()
        guard let stored = try await store.read({ $0.methods[id] }) else {
            throw StubError.missing("PaymentMethod", id: id, param: "payment_method")
        }
        return try json(200, Body(object: "payment_method", value: stored.method))
    }

    private func createIntent(_ request: Request) async throws -> Response {
        let body = try await collect(request)
        return try await change(request, body) { state, now in
            let parameters = try StubJSON.decode(IntentRequest.self, from: body)
            return try Self.reply(try state.createIntent(parameters, now: now))
        }
    }

    private func showIntent(_ id: String) async throws -> Response {
        try await faults.beforeRequest()
        return response(try Self.reply(try await store.read { try $0.intent(id) }))
    }

    private func confirm(_ request: Request, id: String) async throws -> Response {
        let body = try await collect(request)
        let publicURL = publicURL(request)
        let processing = Int64(faults.current.processingMilliseconds)
        return try await change(request, body) { state, now in
            let parameters = try StubJSON.decode(ConfirmRequest.self, from: body)
            let context = StubState.ConfirmationContext(
                now: now, publicURL: publicURL, processingMilliseconds: processing)
            let result =
                if let answer = parameters.authentication {
                    try state.authenticate(id, answer, context: context)
                } else {
                    try state.confirm(id, paymentMethod: parameters.paymentMethod, context: context)
                }
            switch result {
            case .success(let stored): return try Self.reply(stored)
            case .failure(let decline): return Reply(status: decline.status, body: try StubJSON.encode(decline))
            }
        }
    }

    private func capture(_ request: Request, id: String) async throws -> Response {
        let body = try await collect(request)
        return try await change(request, body) { state, now in
            let parameters = try StubJSON.decode(CaptureRequest.self, from: body)
            return try Self.reply(try state.capture(id, amount: parameters.amountToCapture, now: now))
        }
    }

    private func createRefund(_ request: Request) async throws -> Response {
        let body = try await collect(request)
        let delay = Int64(configuration.refundFailureDelay / .milliseconds(1))
        return try await change(request, body) { state, now in
            let parameters = try StubJSON.decode(RefundRequest.self, from: body)
            let stored = try state.refund(
                intent: parameters.paymentIntent, amount: parameters.amount, failureDelay: delay, now: now)
            return Reply(status: 200, body: try StubJSON.encode(Body(object: "refund", value: stored.refund)))
        }
    }

    private func showRefund(_ id: String) async throws -> Response {
        try await faults.beforeRequest()
        guard let stored = try await store.read({ $0.refunds[id] }) else {
            throw StubError.missing("Refund", id: id, param: "refund")
        }
        return try json(200, Body(object: "refund", value: stored.refund))
    }

    static func reply(_ stored: StoredIntent) throws -> Reply {
        let body = Body(object: "payment_intent", clientSecret: stored.clientSecret, value: stored.intent)
        return Reply(status: 200, body: try StubJSON.encode(body))
    }

    func publicURL(_ request: Request) -> String {
        configuration.publicURL ?? "http://\(request.head.authority ?? "\(configuration.host):\(configuration.port)")"
    }
}
