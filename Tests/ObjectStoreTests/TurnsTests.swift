import Testing

@testable import ObjectStore

@Suite("Turns")
struct TurnsTests {
    private actor Running {
        private var counts: [String: Int] = [:]

        func enter(_ name: String) -> Int {
            counts[name, default: 0] += 1
            return counts[name, default: 0]
        }

        func leave(_ name: String) {
            counts[name, default: 0] -= 1
        }
    }

    @Test("each name's turns are taken one at a time, whoever fails, and no name waits for another")
    func turns() async throws {
        struct Failed: Error {}
        let turns = Turns()
        let running = Running()
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                group.addTask {
                    let name = "\(number % 3)"
                    do {
                        try await turns.whileHolding(name) {
                            #expect(await running.enter(name) == 1)
                            await Task.yield()
                            await running.leave(name)
                            if number.isMultiple(of: 5) {
                                throw Failed()
                            }
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(done == 240)
        #expect(try await turns.whileHolding("a") { try await turns.whileHolding("b") { true } })
    }

    @Test("who was cancelled before its turn does nothing, and the next one has it")
    func cancellation() async throws {
        let turns = Turns()
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await turns.whileHolding("a") { Issue.record("it ran") }
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(try await turns.whileHolding("a") { true })
    }
}
