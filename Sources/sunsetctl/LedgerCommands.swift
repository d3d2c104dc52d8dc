import ArgumentParser
import Assembly
import Marketplace

struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Proves that the ledger sums to zero and matches the orders.",
        discussion: "Reads every entry, in pages of 500; the time grows with the ledger.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let report = try await installation.marketplace.ledger.verify()
            if common.json {
                try common.printJSON(report)
            } else {
                write(report)
            }
            guard report.ok else { throw ExitCode(1) }
        }
    }

    private func write(_ report: LedgerReport) {
        print("\(report.transactions) transactions, \(report.paidOrders) paid orders")
        var table = Table(["CURRENCY", "SUM", "RECEIVED", "SELLERS", "PLATFORM", "REFUNDS DUE"])
        for total in report.currencies {
            table.add([
                total.currency, "\(total.sum)", "\(total.received)", "\(total.sellers)", "\(total.platform)",
                "\(total.refundsDue)",
            ])
        }
        if !report.currencies.isEmpty { table.write() }
        for problem in report.problems { print("\(problem.kind)  \(problem.subject)  \(problem.detail)") }
        if report.problemCount > report.problems.count {
            print("… and \(report.problemCount - report.problems.count) more")
        }
        print(report.ok ? "the ledger is right" : "the ledger is WRONG: \(report.problemCount) problems")
    }
}
