/// What happened on a queue, as evenly spaced points.
public struct QueueHistory: Codable, Sendable, Hashable {
    /// The width of a point; hours and days are those of UTC.
    public enum Step: String, Codable, Sendable, CaseIterable {
        /// Minutes, kept for 25 hours.
        case minute
        /// Hours, kept for 32 days.
        case hour
        /// Days, kept for 400 days.
        case day

        /// The width in minutes.
        public var minutes: Int {
            switch self {
            case .minute: 1
            case .hour: 60
            case .day: 1_440
            }
        }

        /// The most points that are kept.
        public var maximumCount: Int {
            switch self {
            case .minute: 1_500
            case .hour: 768
            case .day: 400
            }
        }
    }

    /// One point.
    public struct Point: Codable, Sendable, Hashable {
        /// When it begins, in Unix milliseconds.
        public var at: Int64
        /// What happened in it; zero where nothing did.
        public var counters: QueueCounters
        /// The mean running time of the acknowledged jobs, in microseconds; `nil` if there were none.
        public var meanRunMicroseconds: Double?
        /// The mean of the sampled waiting times, in milliseconds; `nil` if there were none.
        public var meanWaitMilliseconds: Double?

        init(at: Int64, counters: QueueCounters) {
            self.at = at
            self.counters = counters
            meanRunMicroseconds = counters.meanRunMicroseconds
            meanWaitMilliseconds = counters.meanWaitMilliseconds
        }
    }

    /// The queue's name.
    public var queue: String
    /// The width of a point.
    public var step: Step
    /// The points without gaps, the oldest first; the last one is still running.
    public var points: [Point]
}
