/// Pauses that double, with jitter so that many clients do not come back together.
struct Backoff: Sendable {
    let minimum: Duration
    let maximum: Duration
    private(set) var attempt = 0
    private var generator: SplitMix64

    init(minimum: Duration, maximum: Duration, seed: UInt64) {
        self.minimum = minimum
        self.maximum = max(minimum, maximum)
        generator = SplitMix64(state: seed)
    }

    /// The next pause: from half of the step to the whole of it.
    mutating func next() -> Duration {
        // Beyond 30 doublings the cap has long been reached, and the product would overflow.
        let step = min(maximum, minimum * (1 << min(attempt, 30)))
        attempt += 1
        return step * Double.random(in: 0.5...1, using: &generator)
    }

    mutating func reset() {
        attempt = 0
    }
}

/// A small seeded generator: jitter needs no secrets, and tests need the same numbers again.
struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
