/// How many jobs come in each second: a step, a ramp or a burst, over a trickle that never ends.
enum LoadShape: String, CaseIterable, Sendable {
    /// The trickle, forty a second for a minute, the trickle.
    case step
    /// Up to forty-eight a second and down again in a minute and a half each.
    case ramp
    /// Five hundred jobs at once.
    case burst

    /// Jobs a second when nothing else is asked for: half of what one process does.
    static let trickle = 4.0

    /// When the load begins to change, in seconds: what comes before shows the queue at rest.
    static let start = 20.0

    /// The length in seconds, with the time that it takes to give all processes back.
    var length: Double {
        switch self {
        case .step: 320
        case .ramp: 380
        case .burst: 300
        }
    }

    /// Jobs a second at a time.
    func rate(at time: Double) -> Double {
        let since = time - Self.start
        guard since >= 0 else { return Self.trickle }
        switch self {
        case .step: return since < 60 ? 40 : Self.trickle
        case .ramp: return max(Self.trickle, 48 * (since < 90 ? since / 90 : (180 - since) / 90))
        case .burst: return Self.trickle
        }
    }

    /// Jobs that come at once at ``start``.
    var atOnce: Int { self == .burst ? 500 : 0 }
}
