import Hummingbird
import Marketplace
import NIOCore
import ServiceLifecycle

/// An order's changes as server-sent events, with a comment now and then so that nobody in between thinks it is dead.
struct EventStream: Sendable {
    let orders: OrderEvents
    let heartbeat: Duration
    let lifetime: Duration

    private enum Item: Sendable {
        case order(Order)
        case beat
    }

    /// Writes until the order is final, the lifetime is over, the client is gone or the server stops.
    func write(to writer: inout any ResponseBodyWriter, until request: Request) async throws {
        let (items, source) = AsyncStream.makeStream(of: Item.self, bufferingPolicy: .bufferingNewest(64))
        try await withGracefulShutdownHandler {
            try await request.body.consumeWithInboundCloseHandler { _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await follow(source) }
                    group.addTask { try await beat(source) }
                    // The client's `retry` after a lost connection, in milliseconds.
                    try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                    for await item in items {
                        try await writer.write(Self.bytes(of: item))
                    }
                    group.cancelAll()
                }
            } onInboundClosed: {
                source.finish()
            }
        } onGracefulShutdown: {
            source.finish()
        }
    }

    private func follow(_ source: AsyncStream<Item>.Continuation) async throws {
        defer { source.finish() }
        for try await order in orders {
            source.yield(.order(order))
        }
    }

    private func beat(_ source: AsyncStream<Item>.Continuation) async throws {
        let end = ContinuousClock.now + lifetime
        while ContinuousClock.now < end {
            do {
                try await Task.sleep(for: heartbeat)
            } catch is CancellationError {
                return
            }
            source.yield(.beat)
        }
        source.finish()
    }

    private static func bytes(of item: Item) throws -> ByteBuffer {
        switch item {
        case .beat:
            return ByteBuffer(string: ": still here\n\n")
        case .order(let order):
            // JSON of the encoder has no line breaks, so one data line holds it.
            var buffer = ByteBuffer(string: "id: \(order.revision)\nevent: order\ndata: ")
            buffer.writeBytes(try Response.encode(order))
            buffer.writeString("\n\n")
            return buffer
        }
    }
}
