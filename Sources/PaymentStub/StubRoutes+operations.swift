import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Payments

/// Events, the delivery log, the knobs and the challenge page.
extension StubRoutes {
    private struct EventBody: Encodable {
        var stored: StoredEvent

        enum CodingKeys: String, CodingKey {
            case object
            case delivery
            case attempts
        }

        func encode(to encoder: any Encoder) throws {
            try stored.event.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("event", forKey: .object)
            try container.encode(stored.delivery, forKey: .delivery)
            try container.encode(stored.attempts, forKey: .attempts)
        }
    }

    func addEvents(to group: RouterGroup<BasicRequestContext>) {
        group.get("events") { request, _ in
            let limit = try limit(request)
            let type = request.uri.queryParameters["type"].map(String.init)
            let page = try await store.read { state in
                state.eventOrder.reversed().lazy.compactMap { state.events[$0] }
                    .filter { type == nil || $0.event.kind.rawValue == type }.prefix(limit + 1).map(EventBody.init)
            }
            return try json(200, ListBody(data: Array(page.prefix(limit)), hasMore: page.count > limit))
        }
        group.get("events/{id}") { _, context in
            let id = try context.parameters.require("id")
            guard let stored = try await store.read({ $0.events[id] }) else {
                throw StubError.missing("Event", id: id, param: "event")
            }
            return try json(200, EventBody(stored: stored))
        }
        group.get("webhook_deliveries") { request, _ in
            let limit = try limit(request)
            let event = request.uri.queryParameters["event"].map(String.init)
            let page = try await store.read { state in
                state.attempts.reversed().lazy.filter { event == nil || $0.event == event }.prefix(limit + 1)
                    .map { Body(object: "webhook_delivery", value: $0) }
            }
            return try json(200, ListBody(data: Array(page.prefix(limit)), hasMore: page.count > limit))
        }
    }

    func addFaults(to group: RouterGroup<BasicRequestContext>) {
        group.get("test/faults") { _, _ in try json(200, faults.current) }
        group.post("test/faults") { request, _ in
            let settings = try StubJSON.decode(FaultSettings.self, from: try await collect(request))
            try settings.validate()
            faults.current = settings
            return try json(200, settings)
        }
    }

    func addChallenge(to router: Router<BasicRequestContext>) {
        let pages = router.group("challenge").add(middleware: StubErrorMiddleware(logger: logger))
        pages.get("{id}") { request, context in
            html(try await challenged(request, id: context.parameters.require("id")))
        }
        pages.post("{id}") { request, context in
            let id = try await challenged(request, id: context.parameters.require("id")).intent.id
            guard let answer = request.uri.queryParameters["answer"].flatMap({ Authentication(rawValue: String($0)) })
            else { throw StubError.invalid("parameter_invalid", param: "answer", "Allowed for answer: succeed, fail.") }
            let publicURL = publicURL(request)
            let processing = Int64(faults.current.processingMilliseconds)
            _ = try await store.commit(key: nil) { state, now in
                let context = StubState.ConfirmationContext(
                    now: now, publicURL: publicURL, processingMilliseconds: processing)
                // A second click finds the decision made and changes nothing.
                if try state.intent(id).intent.status == .requiresAction {
                    _ = try state.authenticate(id, answer, context: context)
                }
                return Reply(status: 200, body: "")
            }
            return html(try await store.read { try $0.intent(id) })
        }
    }

    /// The intent that the page is about, for who has its client secret.
    private func challenged(_ request: Request, id: String) async throws -> StoredIntent {
        let given = SHA256.hash(data: Data((request.uri.queryParameters["client_secret"] ?? "").utf8))
        let stored = try await store.read { $0.intents[id] }
        guard let stored, SHA256.hash(data: Data(stored.clientSecret.utf8)) == given else {
            throw StubError.missing("PaymentIntent", id: id, param: "intent")
        }
        return stored
    }

    private func html(_ stored: StoredIntent) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: ChallengePage.html(for: stored)))
        )
    }

    private func limit(_ request: Request) throws -> Int {
        guard let text = request.uri.queryParameters["limit"] else { return 10 }
        guard let limit = Int(text), (1...100).contains(limit) else {
            throw StubError.invalid("parameter_invalid", param: "limit", "Allowed for limit: 1 to 100.")
        }
        return limit
    }
}
