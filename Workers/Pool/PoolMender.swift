/// Decides which worker processes are replaced or killed: a pure state machine, told what each shows and when.
///
/// A process that takes too much memory, or whose handlers ignored their end for as long as a lease, gets a successor
/// first and then drains. One that is no longer heard of is killed. Where the successors ail as well, the cause is not
/// the process: the limit is too small, or a handler hangs on every job. Then each replacement waits longer than the one
/// before, because a restart costs more than what it mends.
struct PoolMender: Sendable {
    /// One process of a slot; a slot's next process is another one.
    struct ProcessKey: Hashable, Sendable {
        var slot: String
        var pid: Int32
    }

    /// What is known of a process that is ready for work.
    struct Observation: Sendable {
        /// What its entry in the registry says.
        struct Beat: Sendable {
            /// How long ago it was heard of.
            var age: Duration
            /// Handlers that went on after their end.
            var stuck: Int
        }

        var process: ProcessKey
        var queue: String
        /// Since it was started.
        var age: Duration
        var residentMiB: Int?
        /// 0 for any.
        var memoryLimitMiB: Int
        /// `nil` if it was never heard of.
        var beat: Beat?
    }

    /// Why a process is replaced.
    enum Cause: String, Hashable, Sendable {
        case memory
        case stuck
    }

    enum Action: Equatable, Sendable {
        /// A successor is started; once that is ready, the process drains.
        case replace(ProcessKey, Cause)
        /// It is killed, and its slot starts another.
        case kill(ProcessKey)
        /// Said once a pause: it would be replaced, but the ones before it were replaced in vain.
        case postpone(ProcessKey, Cause, Duration)
    }

    /// A process that ails sooner than this after its start is no better than the one before.
    static let young = Duration.seconds(600)
    static let firstPause = Duration.seconds(10)
    static let longestPause = Duration.seconds(600)
    /// An outage ends for some workers before others, so once is not enough.
    static let silentLooks = 3

    private struct Ailment: Hashable {
        var queue: String
        var cause: Cause
    }

    private struct Pause {
        var inVain = 0
        var end: Duration = .zero
        var isSaid = false
    }

    /// A process that is silent for longer hangs.
    let silence: Duration
    /// A process whose handlers are stuck for longer is replaced.
    let patience: Duration
    private var silent: [ProcessKey: Int] = [:]
    private var stuckSince: [ProcessKey: Duration] = [:]
    private var asked: Set<ProcessKey> = []
    /// What the successors that are on their way are for.
    private var underWay: [ProcessKey: Ailment] = [:]
    private var pauses: [Ailment: Pause] = [:]

    init(lease: Duration) {
        silence = lease + .seconds(10)
        patience = lease
    }

    /// What to do now.
    ///
    /// - Parameters:
    ///   - at: the time of any monotonic clock.
    ///   - seen: all processes that are ready and not yet on their way out.
    mutating func look(at: Duration, _ seen: [Observation]) -> [Action] {
        let keys = Set(seen.map(\.process))
        asked.formIntersection(keys)
        silent = silent.filter { keys.contains($0.key) }
        stuckSince = stuckSince.filter { keys.contains($0.key) }
        return seen.compactMap { action(at: at, $0) }
    }

    /// Nobody could be heard of: what was counted of silence says nothing.
    mutating func forgetSilence() {
        silent = [:]
    }

    /// The successor did not become ready, and the process goes on: it may be asked for again.
    mutating func failed(_ process: ProcessKey) {
        asked.remove(process)
        underWay[process] = nil
    }

    /// The successor is ready: the pause begins now, whatever its start took.
    mutating func succeeded(_ process: ProcessKey, at: Duration) {
        guard let ailment = underWay.removeValue(forKey: process), var pause = pauses[ailment] else { return }
        pause.end = at + Self.length(pause.inVain)
        pauses[ailment] = pause
    }

    private mutating func action(at: Duration, _ seen: Observation) -> Action? {
        if isSilent(seen) { return .kill(seen.process) }
        if seen.memoryLimitMiB > 0, let resident = seen.residentMiB, resident > seen.memoryLimitMiB {
            return replacement(at: at, seen, .memory)
        }
        guard let beat = seen.beat, beat.stuck > 0 else {
            stuckSince[seen.process] = nil
            return nil
        }
        let since = stuckSince[seen.process] ?? at
        stuckSince[seen.process] = since
        return at - since >= patience ? replacement(at: at, seen, .stuck) : nil
    }

    private mutating func isSilent(_ seen: Observation) -> Bool {
        guard (seen.beat?.age ?? seen.age) > silence else {
            silent[seen.process] = nil
            return false
        }
        silent[seen.process, default: 0] += 1
        guard silent[seen.process, default: 0] >= Self.silentLooks else { return false }
        silent[seen.process] = nil
        return true
    }

    private mutating func replacement(at: Duration, _ seen: Observation, _ cause: Cause) -> Action? {
        guard !asked.contains(seen.process) else { return nil }
        let ailment = Ailment(queue: seen.queue, cause: cause)
        var pause = pauses[ailment] ?? Pause()
        guard at >= pause.end else {
            // Other processes of the queue wait quietly: only those that come after one in vain are worth a word.
            guard pause.inVain > 0, seen.age < Self.young, !pause.isSaid else { return nil }
            pause.isSaid = true
            pauses[ailment] = pause
            return .postpone(seen.process, cause, pause.end - at)
        }
        pause.inVain = seen.age < Self.young ? pause.inVain + 1 : 0
        pause.end = at + Self.length(pause.inVain)
        pause.isSaid = false
        pauses[ailment] = pause
        asked.insert(seen.process)
        underWay[seen.process] = ailment
        return .replace(seen.process, cause)
    }

    private static func length(_ inVain: Int) -> Duration {
        guard inVain > 0 else { return .zero }
        return min(longestPause, firstPause * (1 << min(inVain - 1, 10)))
    }
}

extension PoolMender.Cause: CustomStringConvertible {
    var description: String {
        switch self {
        case .memory: "takes too much memory"
        case .stuck: "has handlers that do not end"
        }
    }

    /// What an operator can do, where a new process is no better.
    var advice: String {
        switch self {
        case .memory: "raise workers.<queue>.memory_mib, or lower its concurrency"
        case .stuck: "find the handler that ignores its cancellation: sunsetctl worker show"
        }
    }
}
