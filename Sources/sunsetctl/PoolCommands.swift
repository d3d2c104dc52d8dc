import ArgumentParser
import JobQueue

struct PoolList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The pools of worker processes, and how many each runs of a queue.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { _, queue in
            let view = try await PoolRegistry(queue: queue).view()
            let overrides = view.overrides.mapValues { "\($0)" }
            guard !common.json else {
                return try common.printJSON(Listing(pools: view.pools, overrides: overrides))
            }
            var table = Table(["QUEUE", "HOST", "POOL", "READY", "WANTED", "MIN", "MAX", "GOAL", "SCALED BY"])
            for pool in view.pools.sorted(by: { $0.id < $1.id }) {
                for share in pool.shares {
                    table.add([
                        share.queue, pool.host, pool.id, "\(share.ready)", "\(share.wanted)", "\(share.minimum)",
                        "\(share.maximum)", Show.span(Int64(share.latencyGoalMilliseconds)),
                        overrides[share.queue].map { "operator: \($0)" } ?? "latency",
                    ])
                }
            }
            table.write()
        }
    }

    private struct Listing: Encodable {
        let pools: [PoolRecord]
        let overrides: [String: String]
    }
}

struct PoolScale: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Sets how many processes a queue gets over all pools; auto leaves it to its latency.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Argument(help: "A number (4), bounds (1..8), or auto.") var to: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { _, jobs in
            let override = PoolOverride(to)
            guard override != nil || to == "auto" else {
                throw ValidationError("'\(to)' is not allowed; it must be a number (4), bounds (1..8), or auto.")
            }
            let registry = PoolRegistry(queue: jobs)
            let known = Set(try await registry.view().pools.flatMap { $0.shares.map(\.queue) })
            guard known.isEmpty || known.contains(queue) else {
                throw CommonOptions.refuse(
                    "no pool serves '\(queue)'; they serve: \(known.sorted().joined(separator: ", "))")
            }
            try await registry.setOverride(override, queue: queue)
            try common.report("queue \(queue) is scaled to \(to)", ["queue": queue, "to": to])
        }
    }
}
