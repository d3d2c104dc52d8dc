import HTTPTypes
import Hummingbird
import Logging
import Marketplace

/// The course that every request which moves money takes: claim the key, change the state, wait for the outcome, answer,
/// keep the answer.
///
/// The claim is taken before anything runs, and the script that changes the state stores key → order with it. So a
/// repetition after a crash finds either nothing done or the order; it never does it twice.
struct MoneyMovement {
    let environment: APIEnvironment
    let request: Request
    let context: APIContext
    /// The route's template: keys of different routes have nothing to do with each other.
    let route: String

    private var idempotency: IdempotencyStore { environment.marketplace.idempotency }

    func run(
        fingerprint: [String],
        _ change: (_ user: String, _ claim: IdempotencyClaim) async throws -> Order
    ) async throws -> Response {
        let user = try context.user().id
        let key = try idempotencyKey()
        let outcome = try await idempotency.begin(
            account: user, route: route, key: key, fingerprint: Fingerprint.of([request.uri.path] + fingerprint))
        switch outcome {
        case .replay(let status, let body):
            return replay(status: status, body: body)
        case .resource(let id, let claim):
            _ = try await environment.marketplace.orders.order(id, user: user)
            var response = try await answer(order: id, claim: claim)
            response.headers[.idempotencyReplayed] = "true"
            return response
        case .started(let claim):
            let order: Order
            do {
                order = try await change(user, claim)
            } catch {
                await release(claim)
                throw error
            }
            return try await answer(order: order.id, claim: claim)
        }
    }

    private func idempotencyKey() throws(Problem) -> String {
        guard let key = request.headers[.idempotencyKey] else {
            var problem = Problem(
                .badRequest, "idempotency_key_required", "A request that moves money carries an Idempotency-Key.")
            problem.errors = [.init(pointer: "#header/Idempotency-Key", code: "required", detail: problem.detail)]
            throw problem
        }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Problem.invalid(
                "#header/Idempotency-Key", "invalid", "From 1 to 255 printable ASCII characters without spaces.")
        }
        return key
    }

    /// Gives the key back after an error, also after one whose outcome is unknown: a record that has its order already is
    /// not released, and a change that arrives after the release finds no claim and refuses itself.
    private func release(_ claim: IdempotencyClaim) async {
        do {
            try await idempotency.release(claim)
        } catch {
            // It lapses by itself.
            context.logger.warning("idempotency claim not released", metadata: ["error": "\(error)"])
        }
    }

    private func answer(order id: String, claim: IdempotencyClaim) async throws -> Response {
        let wait = Preference.wait(request.headers)
        let order = try await environment.events.waitForDecision(order: id, timeout: .seconds(wait))
        let view = try OrderAnswer(order, requestID: context.requestID)
        // An answer that says "not yet" is not kept: a repetition is to see how it went on.
        if order.isDecided {
            try await idempotency.finish(claim, status: view.status.code, body: view.body)
        }
        var response = view.response
        response.headers[.preferenceApplied] = "wait=\(wait)"
        return response
    }

    private func replay(status: Int, body: [UInt8]) -> Response {
        let headers: HTTPFields = [
            .contentType: status >= 400 ? "application/problem+json" : "application/json",
            .cacheControl: "no-store",
            .idempotencyReplayed: "true",
        ]
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// How an order is answered to a request that tried to pay it.
struct OrderAnswer {
    let status: HTTPResponse.Status
    let body: [UInt8]
    private let location: String?

    init(_ order: Order, requestID: String) throws {
        if let problem = Self.problem(order) {
            status = problem.status
            body = problem.document(requestID: requestID)
            location = nil
        } else {
            status = order.status == .paid ? .created : .accepted
            body = try Response.encode(order)
            location = "/v1/orders/\(order.id)"
        }
    }

    var response: Response {
        var headers: HTTPFields = [
            .contentType: location == nil ? "application/problem+json" : "application/json",
            .cacheControl: "no-store",
        ]
        headers[.location] = location
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static func problem(_ order: Order) -> Problem? {
        switch order.status {
        case .canceled, .expired:
            Problem(.conflict, "order_\(order.status.rawValue)", "The order ended before it was paid.")
        case .open:
            order.payment.decline.map { decline in
                var problem = Problem(.paymentRequired, "card_declined", decline.message)
                problem.info = [
                    "decline_code": decline.declineCode, "order": order.id, "payment": order.payment.id,
                ]
                return problem
            }
        default: nil
        }
    }
}
