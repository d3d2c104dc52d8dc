/// The time that one source of a scrape may take.
enum ScrapeLimit {
    struct TooSlow: Error {}

    /// Gives up before Prometheus does, whose scrape may take ten seconds and would lose the rest with this source.
    static func within<Value: Sendable>(_ body: @Sendable @escaping () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(2))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else { throw TooSlow() }
            return value
        }
    }
}
