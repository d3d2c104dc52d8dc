import Synchronization

/// What goes wrong on purpose; set by `POST /v1/test/faults`, gone with the process.
struct FaultSettings: Codable, Sendable, Equatable {
    /// Every `/v1` request waits for so long before it does anything.
    var latencyMilliseconds: Int = 0
    /// The share of `/v1` requests (0 to 1) that end in 500 having done nothing.
    var errorRate: Double = 0
    /// So many of the next successful changes are done, and their answers lost.
    var timeoutAfterSuccess: Int = 0
    /// Above zero, accepted payments are `processing` for so long first.
    var processingMilliseconds: Int = 0
    /// Every event is delivered twice.
    var duplicateWebhooks: Bool = false
    /// Events are delivered in swapped pairs.
    var reorderWebhooks: Bool = false
    /// So many of the next events are never delivered.
    var dropWebhooks: Int = 0

    enum CodingKeys: String, CodingKey {
        case latencyMilliseconds = "latency_ms"
        case errorRate = "error_rate"
        case timeoutAfterSuccess = "timeout_after_success"
        case processingMilliseconds = "processing_ms"
        case duplicateWebhooks = "duplicate_webhooks"
        case reorderWebhooks = "reorder_webhooks"
        case dropWebhooks = "drop_webhooks"
    }

    init() {}

    /// What is absent is off, so that `{}` clears all.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        latencyMilliseconds = try container.decodeIfPresent(Int.self, forKey: .latencyMilliseconds) ?? 0
        errorRate = try container.decodeIfPresent(Double.self, forKey: .errorRate) ?? 0
        timeoutAfterSuccess = try container.decodeIfPresent(Int.self, forKey: .timeoutAfterSuccess) ?? 0
        processingMilliseconds = try container.decodeIfPresent(Int.self, forKey: .processingMilliseconds) ?? 0
        duplicateWebhooks = try container.decodeIfPresent(Bool.self, forKey: .duplicateWebhooks) ?? false
        reorderWebhooks = try container.decodeIfPresent(Bool.self, forKey: .reorderWebhooks) ?? false
        dropWebhooks = try container.decodeIfPresent(Int.self, forKey: .dropWebhooks) ?? 0
    }

    func validate() throws(StubError) {
        guard (0...600_000).contains(latencyMilliseconds) else { throw Self.outOfRange("latency_ms", "0 to 600000") }
        guard (0...1).contains(errorRate) else { throw Self.outOfRange("error_rate", "0 to 1") }
        guard timeoutAfterSuccess >= 0 else { throw Self.outOfRange("timeout_after_success", "0 or more") }
        guard (0...600_000).contains(processingMilliseconds) else {
            throw Self.outOfRange("processing_ms", "0 to 600000")
        }
        guard dropWebhooks >= 0 else { throw Self.outOfRange("drop_webhooks", "0 or more") }
    }

    private static func outOfRange(_ param: String, _ allowed: String) -> StubError {
        .invalid("parameter_invalid", param: param, "Allowed for \(param): \(allowed).")
    }
}

/// The knobs of a running stub.
final class Faults: Sendable {
    private let settings = Mutex(FaultSettings())

    var current: FaultSettings {
        get { settings.withLock { $0 } }
        set { settings.withLock { $0 = newValue } }
    }

    /// Waits, and then perhaps refuses: what happens to a request before it does anything.
    func beforeRequest() async throws {
        let settings = current
        if settings.latencyMilliseconds > 0 {
            try await Task.sleep(for: .milliseconds(settings.latencyMilliseconds))
        }
        guard settings.errorRate == 0 || Double.random(in: 0..<1) >= settings.errorRate else {
            throw StubError(status: 500, kind: .api, code: "injected_fault", message: "An error was injected.")
        }
    }

    /// Whether the answer to the change just made is to be lost; counts it.
    func takeLostAnswer() -> Bool {
        settings.withLock { settings in
            guard settings.timeoutAfterSuccess > 0 else { return false }
            settings.timeoutAfterSuccess -= 1
            return true
        }
    }

    /// Whether this event is to be lost; counts it.
    func takeDrop() -> Bool {
        settings.withLock { settings in
            guard settings.dropWebhooks > 0 else { return false }
            settings.dropWebhooks -= 1
            return true
        }
    }
}
