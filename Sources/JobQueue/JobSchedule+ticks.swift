internal import Foundation

/// The ticks of an entry that are due, all times in milliseconds since 1970.
struct DueTicks: Sendable, Equatable {
    /// Those that are enqueued, in order.
    var run: [Int64]
    /// The latest of all; the entry is settled up to here.
    var latest: Int64
    /// How many are not enqueued; counted up to ``countedTicks``.
    var dropped: Int

    /// As far as missed ticks are counted: after a month of downtime nobody walks through millions of seconds.
    static let countedTicks = 1000
}

extension JobSchedule {
    /// What is due at a time, if anything; the ticks up to `settled` were dealt with.
    func due(after settled: Int64, at now: Int64) -> DueTicks? {
        guard isEnabled, let latest = tick(before: now + 1), latest > settled else { return nil }
        let limit =
            switch catchUp {
            case .none, .latest: 1
            case .all(let limit): limit
            }
        let lateness = maximumLateness ?? (catchUp == .none ? .seconds(60) : nil)
        var due = DueTicks(run: [], latest: latest, dropped: 0)
        var next: Int64? = latest
        while let tick = next, tick > settled, due.dropped < DueTicks.countedTicks {
            if due.run.count < limit, lateness.map({ now - tick <= $0.milliseconds }) ?? true {
                due.run.append(tick)
            } else {
                due.dropped += 1
            }
            next = self.tick(before: tick)
        }
        due.run.reverse()
        return due
    }

    /// The first tick after a time.
    func nextTick(after milliseconds: Int64) -> Int64? {
        guard isEnabled else { return nil }
        return expression.next(after: milliseconds.flooredDivision(by: 1000)).map { $0 * 1000 }
    }

    private func tick(before milliseconds: Int64) -> Int64? {
        expression.previous(before: (milliseconds - 1).flooredDivision(by: 1000) + 1).map { $0 * 1000 }
    }

    /// The job of a tick, under the id that belongs to it.
    func job(at tick: Int64, id: JobID? = nil) throws -> PreparedJob {
        let date = Date(timeIntervalSince1970: Double(tick) / 1000)
        var job = try prepare(date)
        job.id = id ?? JobID("cron.\(name).\(Self.compact(date))")
        guard id == nil, spread > .zero else { return job }
        let part = Int64(Self.hash("\(name) \(tick)") % UInt64(max(1, spread.milliseconds)))
        job.delay = (job.delay ?? .zero) + .milliseconds(part)
        return job
    }

    /// `20261124T020000Z`.
    private static func compact(_ date: Date) -> String {
        date.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
    }

    /// FNV-1a: `Hasher` differs from process to process.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
