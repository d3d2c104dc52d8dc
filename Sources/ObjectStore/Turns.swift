import Synchronization

/// Lets one task at a time do something with each name; the others wait in the order in which they came.
final class Turns: Sendable {
    /// Who waits for a name that is taken.
    private let waiting = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

    func whileHolding<T>(_ name: String, _ body: () async throws -> T) async throws -> T {
        await withCheckedContinuation { turn in
            let isFree = waiting.withLock { waiting in
                guard waiting[name] != nil else {
                    waiting[name] = []
                    return true
                }
                waiting[name]?.append(turn)
                return false
            }
            if isFree {
                turn.resume()
            }
        }
        defer { giveBack(name) }
        try Task.checkCancellation()
        return try await body()
    }

    private func giveBack(_ name: String) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard waiting[name]?.isEmpty == false else {
                waiting[name] = nil
                return nil
            }
            return waiting[name]?.removeFirst()
        }
        next?.resume()
    }
}
