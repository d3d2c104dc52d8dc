/// How a scheduler knows how much time went by, and waits; tests give it a wrong one.
///
/// It never asks what time it is: that is Redis's to say.
package protocol SchedulerClock: Sendable {
    /// Milliseconds since some fixed moment.
    func milliseconds() -> Int64
    /// Waits; throws when the task is cancelled.
    func sleep(milliseconds: Int64) async throws
}

/// The monotonic clock, which goes on while a laptop or a virtual machine sleeps.
struct SystemSchedulerClock: SchedulerClock {
    private let start = ContinuousClock.now

    func milliseconds() -> Int64 { start.duration(to: .now).milliseconds }

    func sleep(milliseconds: Int64) async throws {
        try await Task.sleep(for: .milliseconds(milliseconds), clock: .continuous)
    }
}
