import Foundation

@testable import JobQueue

/// A queue's token bucket, as `Lua/claim.lua` keeps it.
struct ModelBucket {
    var rate: QueueLimits.RateLimit?
    /// What was left when something was claimed last; six digits of it are kept.
    var tokens: Double?
    var at: Int64 = 0
    /// Who promised to look for a token, and when.
    var ticket: (at: Int64, worker: String)?

    /// The tokens that there are; `nil` without a rate.
    func left(_ now: Int64) -> Double? {
        guard let rate else { return nil }
        guard let tokens else { return Double(rate.burst) }
        let earned = Double(max(0, now - at)) * Double(rate.count) / Double(rate.milliseconds)
        return min(Double(rate.burst), tokens + earned)
    }

    mutating func take(_ count: Int, now: Int64) {
        guard count > 0, let left = left(now) else { return }
        tokens = Double(String(format: "%.6f", left - Double(count)))
        at = now
    }

    /// The limits were set: a bucket that is taken away is full when it comes back.
    mutating func set(_ rate: QueueLimits.RateLimit?) {
        self.rate = rate
        if rate == nil {
            tokens = nil
            at = 0
        }
    }
}

extension Model {
    /// Nobody may start anything before the next token, which `tokens` lacks: the time until this worker looks.
    mutating func awaitToken(_ name: String, worker: String, tokens: Double, hasPlaces: Bool) -> Int64? {
        guard let rate = self[name].bucket.rate else { return nil }
        let each = Double(rate.milliseconds)
        let next = Int64(((1 - tokens) * each / Double(rate.count)).rounded(.up))
        let full = Int64(((Double(rate.burst) - tokens) * each / Double(rate.count)).rounded(.up))
        let wait = max(1, next, min(10, full))
        let ticket = self[name].bucket.ticket
        let promised = ticket.flatMap { $0.at > now && $0.worker != worker ? $0.at : nil }
        if hasPlaces {
            if let promised {
                saw(.promised)
                return promised - now + 1000
            }
            self[name].bucket.ticket = (now + wait, worker)
            saw(.rated)
            return wait
        }
        if promised == nil {
            if ticket?.worker == worker { self[name].bucket.ticket = nil }
            self[name].isHinted = true
        }
        return nil
    }

    /// Reports of running jobs: `Lua/progress.lua`; how many were written.
    mutating func report(_ name: String, _ reports: [ModelOperation.Report]) -> Int {
        var written = 0
        for report in reports {
            guard case .leased(report.epoch, let expiry) = self[name].jobs[report.id]?.place, expiry > now else {
                saw(.unreported)
                continue
            }
            self[name].progress[report.id] = "\(report.fraction)|\(now)|\(report.message)"
            saw(.reported)
            written += 1
        }
        return written
    }
}
