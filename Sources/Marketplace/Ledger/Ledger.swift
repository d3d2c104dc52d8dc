import JobQueue
import Logging
import RedisClient

/// The books: double entry, one stream entry per transaction, written by the scripts that move money.
public struct Ledger: Sendable {
    let market: Marketplace

    private static let snapshot = DomainScript(
        name: "ledger_snapshot", fragments: [CommerceFragments.keys], body: PackageResources.ledger_snapshot_lua)
    private static let orders = DomainScript(
        name: "ledger_orders", fragments: [CommerceFragments.keys], body: PackageResources.ledger_orders_lua)
    private static let pageSize = 500

    /// Proves that the books are right: every transaction sums to zero, so does every currency; the kept balances are
    /// the sums of the entries; every sale has its paid order and payment, and every paid order its one sale.
    ///
    /// It reads page by page, in memory that grows with the number of accounts only, and may run while orders come in.
    ///
    /// - Parameter progress: Told after each page how many entries were read.
    public func verify(progress: (@Sendable (Int) -> Void)? = nil) async throws -> LedgerReport {
        var check = LedgerCheck()
        let snapshot = try await market.transact(Self.snapshot)
        guard snapshot.count == 3, let last = snapshot[0].string else {
            throw ScriptReplyError(script: Self.snapshot.name, reply: "\(snapshot)")
        }
        if !last.isEmpty {
            try await readEntries(upTo: last, into: &check, progress: progress)
        }
        try await readOrders(into: &check)
        let stored = ScriptReply.record(snapshot[2]).mapValues { Int64($0) ?? .min }
        let report = check.finish(stored: stored)
        await note(report)
        return report
    }

    /// Leaves a note of when it was verified and what came out.
    private func note(_ report: LedgerReport) async {
        do {
            let time = try await market.redis.send(RedisCommand("TIME"))
            let milliseconds = (time[0].string.flatMap { Int64($0) } ?? 0) * 1000
            _ = try await market.redis.send(
                RedisCommand(
                    "HSET", RedisArgument(market.keys.ledgerVerified), "at", RedisArgument(milliseconds), "problems",
                    RedisArgument(report.problemCount), "transactions", RedisArgument(report.transactions)))
        } catch {
            // The report counts, also on a Redis that is too full to note it.
            market.logger.warning("the ledger's verification is not noted", metadata: ["error": "\(error)"])
        }
    }

    private func readEntries(
        upTo last: String, into check: inout LedgerCheck, progress: (@Sendable (Int) -> Void)?
    ) async throws {
        var start = "-"
        while true {
            let page = try await range(from: start, to: last, count: Self.pageSize)
            var transactions: [LedgerTransaction] = []
            for entry in page {
                do {
                    transactions.append(try LedgerTransaction(entry))
                } catch {
                    check.unreadable(entry[0].string ?? "", error)
                }
            }
            let orders = try await states(transactions.map(\.order))
            for (transaction, order) in zip(transactions, orders) {
                check.take(transaction, order: order)
            }
            progress?(check.report.transactions)
            guard page.count == Self.pageSize, let end = page.last?[0].string else { return }
            start = "(" + end
        }
    }

    private func readOrders(into check: inout LedgerCheck) async throws {
        var after = "-"
        while true {
            let reply = try await market.redis.send(
                RedisCommand(
                    "ZRANGEBYLEX", RedisArgument(market.keys.orders), RedisArgument(after), "+", "LIMIT", 0,
                    RedisArgument(Self.pageSize)
                ).retrying(.safe))
            let ids = (reply.array ?? []).compactMap(\.string)
            let states = try await states(ids)
            let entries = states.map { $0.flatMap { $0.status == "paid" && !$0.entry.isEmpty ? $0.entry : nil } }
            let booked = try await areThere(entries.compactMap { $0 })
            for (id, state) in zip(ids, states) {
                guard let state else { continue }
                check.take(order: id, state, isBooked: booked.contains(state.entry))
            }
            guard ids.count == Self.pageSize, let end = ids.last else { return }
            after = "(" + end
        }
    }

    private func range(from start: String, to end: String, count: Int) async throws -> [RESPValue] {
        let command = RedisCommand(
            "XRANGE", RedisArgument(market.keys.ledger), RedisArgument(start), RedisArgument(end), "COUNT",
            RedisArgument(count))
        return try await market.redis.send(command.retrying(.safe)).array ?? []
    }

    /// Which of these entries the ledger has.
    private func areThere(_ entries: [String]) async throws -> Set<String> {
        let ledger = RedisArgument(market.keys.ledger)
        let commands = entries.map {
            RedisCommand("XRANGE", ledger, RedisArgument($0), RedisArgument($0)).retrying(.safe)
        }
        guard !commands.isEmpty else { return [] }
        let replies = await market.redis.send(commands)
        var found: Set<String> = []
        for (entry, reply) in zip(entries, replies) where try reply.get().array?.isEmpty == false {
            found.insert(entry)
        }
        return found
    }

    private func states(_ ids: [String]) async throws -> [LedgerCheck.OrderState?] {
        guard !ids.isEmpty else { return [] }
        let values = try await market.transact(Self.orders, arguments: ids.map { RedisArgument($0) })
        return (values.first?.array ?? []).map { state in
            guard let parts = state.array, parts.count == 7 else { return nil }
            let text = parts.map { $0.string ?? "" }
            return LedgerCheck.OrderState(
                status: text[0], paymentStatus: text[1], total: Int64(text[2]) ?? .min, currency: text[3],
                entry: text[4],
                payment: text[5], intent: text[6])
        }
    }
}
