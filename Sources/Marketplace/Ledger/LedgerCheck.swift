/// The arithmetic of a verification, without I/O: takes the ledger page by page and remembers sums only.
struct LedgerCheck {
    /// An order as the ledger must match it; nil fields for one that is not there.
    struct OrderState: Equatable {
        var status: String
        var paymentStatus: String
        var total: Int64
        var currency: String
        /// The ledger entry that booked its sale, as the order remembers it.
        var entry: String
        var payment: String
        var intent: String
    }

    private(set) var report = LedgerReport()
    /// `<account>|<currency>` → minor units, by the lines.
    private(set) var balances: [String: Int64] = [:]

    /// Takes one entry, and the order that it names.
    mutating func take(_ transaction: LedgerTransaction, order: OrderState?) {
        report.transactions += 1
        if transaction.sum != 0 {
            report.add(
                "unbalanced", transaction.id,
                "The lines of \(transaction.kind) for \(transaction.order) sum to "
                    + "\(transaction.sum.map { String($0) } ?? "an overflow"), not to 0.")
        }
        for line in transaction.lines {
            balances[line.account + "|" + transaction.currency, default: 0] &+= line.amount
        }
        guard let order else {
            report.add("order_mismatch", transaction.id, "There is no order \(transaction.order).")
            return
        }
        if order.currency != transaction.currency {
            report.add(
                "order_mismatch", transaction.id,
                "It is in \(transaction.currency), the order \(transaction.order) in \(order.currency).")
        }
        if transaction.kind == "sale" {
            takeSale(transaction, order)
        }
    }

    /// An entry that can't be read.
    mutating func unreadable(_ id: String, _ error: any Error) {
        report.transactions += 1
        report.add("unreadable", id, "\(error)")
    }

    private mutating func takeSale(_ sale: LedgerTransaction, _ order: OrderState) {
        if order.entry != sale.id {
            report.add(
                "duplicate_sale", sale.id,
                "The order \(sale.order) was booked by entry \(order.entry.isEmpty ? "none" : order.entry).")
        }
        if order.status != "paid" || sale.received != order.total {
            report.add(
                "order_mismatch", sale.id,
                "\(sale.received) was received for the order \(sale.order), which is \(order.status) over \(order.total)."
            )
        }
        if order.payment != "succeeded" || order.intent != sale.intent {
            report.add(
                "payment_mismatch", sale.id,
                "The payment \(sale.payment) is \(order.payment) by intent '\(order.intent)', booked was '\(sale.intent)'."
            )
        }
    }

    /// Takes one order of the list of all orders; the ledger must have booked it if it is paid.
    mutating func take(order id: String, _ order: OrderState, isBooked: Bool) {
        guard order.status == "paid" else { return }
        report.paidOrders += 1
        guard order.total > 0, !isBooked else { return }
        report.add("missing_sale", id, "The order is paid, but its ledger entry '\(order.entry)' is not there.")
    }

    /// Compares the sums with the balances that were kept along the way, and ends the report.
    mutating func finish(stored: [String: Int64]) -> LedgerReport {
        for account in Set(balances.keys).union(stored.keys).sorted() {
            let computed = balances[account] ?? 0
            let kept = stored[account] ?? 0
            if computed != kept {
                report.add("balance_mismatch", account, "The entries sum to \(computed), the balance says \(kept).")
            }
        }
        report.currencies = totals()
        for totals in report.currencies where totals.sum != 0 {
            report.add("currency_sum", totals.currency, "All accounts sum to \(totals.sum), not to 0.")
        }
        return report
    }

    private func totals() -> [LedgerReport.Totals] {
        var totals: [String: LedgerReport.Totals] = [:]
        for (key, amount) in balances {
            let parts = key.split(separator: "|", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let currency = String(parts[1])
            var entry =
                totals[currency]
                ?? LedgerReport.Totals(
                    currency: currency, sum: 0, received: 0, sellers: 0, platform: 0, refundsDue: 0)
            entry.sum &+= amount
            switch parts[0] {
            case "provider": entry.received &+= amount
            case "platform:fees": entry.platform &-= amount
            case "refunds:due": entry.refundsDue &-= amount
            case let account where account.hasPrefix("seller:"): entry.sellers &-= amount
            default: break
            }
            totals[currency] = entry
        }
        return totals.values.sorted { $0.currency < $1.currency }
    }
}
