/// Asks again until the answer is yes; throws when it has not been for ten seconds.
public func eventually(_ what: String = "condition", _ isTrue: () async throws -> Bool) async throws {
    for _ in 0..<2_000 {
        if try await isTrue() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw TestSupportError("\(what) did not come true within ten seconds")
}
