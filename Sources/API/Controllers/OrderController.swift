import HTTPTypes
import Hummingbird
import Marketplace

/// The buyer's orders.
struct OrderController {
    let environment: APIEnvironment

    private var orders: Orders { environment.marketplace.orders }

    func add(to v1: RouterGroup<APIContext>) {
        let group = v1.group("orders").add(middleware: environment.authentication(.session))
        group.get(use: list)
        group.get("{id}", use: order)
        group.get("{id}/events", use: events)
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try PageRequest(request)
        return try .page(
            try await orders.list(user: context.user().id, cursor: page.cursor, limit: page.limit), for: request)
    }

    @Sendable private func order(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(try await orders.order(context.parameter("id"), user: context.user().id))
    }

    @Sendable private func events(_ request: Request, _ context: APIContext) async throws -> Response {
        let order = try await orders.order(context.parameter("id"), user: context.user().id)
        let seen = request.headers[.lastEventID].flatMap { Int($0) }
        let stream = EventStream(
            orders: environment.events.orderEvents(order: order.id, after: seen),
            heartbeat: environment.configuration.heartbeat,
            lifetime: environment.configuration.eventStreamLifetime)
        let headers: HTTPFields = [
            .contentType: "text/event-stream",
            .cacheControl: "no-store",
            // To see the client leave, the stream reads the connection, which is of no use for another request then.
            .connection: "close",
            // nginx would collect the events into a buffer.
            HTTPField.Name.accelBuffering: "no",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await stream.write(to: &writer, until: request)
                try await writer.finish(nil)
            })
    }
}
