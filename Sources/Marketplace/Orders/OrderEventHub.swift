import Foundation
import Logging
import RedisClient
public import ServiceLifecycle
import Synchronization

/// Tells everybody in this process who waits for an order that it changed.
///
/// One subscription serves all waiting requests; the channel carries the ids of orders that changed. A message is only a
/// hint to look: whoever waits registers first and reads the order then, so a change in between is never missed, and
/// when the subscription was lost and is back, all of them look again. Nothing polls.
public final class OrderEventHub: Sendable, Service {
    private struct State {
        var next = 0
        /// Order id → waiter → its signal.
        ///
        /// A signal holds at most one element: looking once is enough for many changes.
        var waiters: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    private let market: Marketplace
    private let state = Mutex(State())

    /// Makes a hub; it tells nothing before ``run()``.
    public init(marketplace: Marketplace) {
        market = marketplace
    }

    /// Listens until the task is cancelled or the process shuts down gracefully.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.listen()
                } catch is CancellationError {
                    return
                } catch {
                    self.market.logger.warning("order events: no subscription", metadata: ["error": "\(error)"])
                    // The client reconnects by itself; this is for a server that refuses the subscription.
                    do { try await Task.sleep(for: .seconds(1)) } catch { return }
                }
            }
        }
        finish()
    }

    private func listen() async throws {
        let subscription = try await market.redis.subscribe(to: [market.keys.orderEvents])
        // Changes before the subscription stood may have been missed.
        signal(nil)
        for await event in subscription {
            switch event {
            case .message(_, let payload): signal(String(decoding: payload, as: UTF8.self))
            case .gap: signal(nil)
            }
        }
        // The sequence ends when the client is closed, or when this task is cancelled.
        try Task.checkCancellation()
        throw CancellationError()
    }

    /// Waits until an order is decided: paid, ended, or waiting for its buyer.
    ///
    /// - Parameters:
    ///   - order: The order; the caller has checked whose it is.
    ///   - timeout: The longest wait.
    /// - Returns: The order as it is at its decision, or at the timeout, and then perhaps still being charged.
    /// - Throws: ``MarketplaceError`` `not_found`, or what reading it throws.
    public func waitForDecision(order id: String, timeout: Duration) async throws -> Order {
        let waiter = register(id)
        defer { unregister(id, waiter.id) }
        let first = try await market.orders.order(id)
        guard !first.isDecided, timeout > .zero else { return first }
        return try await withThrowingTaskGroup(of: Order?.self) { group in
            group.addTask {
                for await _ in waiter.signals {
                    let order = try await self.market.orders.order(id)
                    if order.isDecided { return order }
                }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            let decided = try await group.next() ?? nil
            group.cancelAll()
            if let decided { return decided }
            return try await self.market.orders.order(id)
        }
    }

    /// An order now and after each change; ends when nothing will change by itself any more.
    ///
    /// - Parameters:
    ///   - order: The order; the caller has checked whose it is.
    ///   - revision: The revision that the reader knows; older and equal ones are left out.
    public func orderEvents(order id: String, after revision: Int?) -> OrderEvents {
        OrderEvents(hub: self, order: id, revision: revision ?? -1)
    }

    func read(_ id: String) async throws -> Order {
        try await market.orders.order(id)
    }

    func register(_ order: String) -> (id: Int, signals: AsyncStream<Void>) {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.next += 1
            state.waiters[order, default: [:]][state.next] = continuation
            return state.next
        }
        return (id, signals)
    }

    func unregister(_ order: String, _ id: Int) {
        let continuation = state.withLock { state in
            let continuation = state.waiters[order]?.removeValue(forKey: id)
            if state.waiters[order]?.isEmpty == true { state.waiters[order] = nil }
            return continuation
        }
        continuation?.finish()
    }

    /// Wakes those who wait for one order, or all.
    private func signal(_ order: String?) {
        let waiters = state.withLock { state in
            if let order { return Array((state.waiters[order] ?? [:]).values) }
            return state.waiters.values.flatMap(\.values)
        }
        waiters.forEach { $0.yield() }
    }

    private func finish() {
        let waiters = state.withLock { state in
            let all = state.waiters.values.flatMap(\.values)
            state.waiters = [:]
            return all
        }
        waiters.forEach { $0.finish() }
    }

    /// For tests: how many wait.
    package var waiting: Int {
        state.withLock { $0.waiters.values.reduce(0) { $0 + $1.count } }
    }
}
