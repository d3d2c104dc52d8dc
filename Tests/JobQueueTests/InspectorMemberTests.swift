import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

@Suite("A batch's members")
struct InspectorMemberTests {
    private struct Elsewhere: Job {
        static let name = "elsewhere"
        static let queue = "elsewhere"
    }

    private func all(
        _ harness: QueueHarness, _ batch: String, limit: Int, scan: Int = QueueInspector.defaultScan
    ) async throws -> [JobRecord] {
        var jobs: [JobRecord] = []
        var cursor: String?
        repeat {
            let page = try await harness.inspector.members(
                of: BatchID(batch), cursor: cursor, limit: limit, scan: scan)
            #expect(page.jobs.count <= limit && page.scanned <= max(scan, limit))
            jobs += page.jobs
            cursor = page.nextCursor
        } while cursor != nil
        return jobs
    }

    @Test("members are found on every queue and in every state but completed, each once, whatever the pages' size")
    func pages() async throws {
        try await QueueHarness.run { harness in
            let mine = try (0..<20).map { number in
                let id = JobID("m\(number)")
                return switch number % 3 {
                case 0: try Work(text: "x").prepared(id: id)
                case 1: try Work(text: "x").prepared(id: id, delay: .seconds(3_600))
                default: try Elsewhere().prepared(id: id)
                }
            }
            try await harness.queue.enqueue(batch: JobBatch(id: BatchID("b.1"), jobs: mine))
            let others = try (0..<30).map { try Work(text: "x").prepared(id: JobID("o\($0)")) }
            // A pattern, or a part of the other's id, is no batch.
            try await harness.queue.enqueue(batch: JobBatch(id: BatchID("b-1"), jobs: others))
            try await harness.queue.enqueue(Work(text: "alone"), id: JobID("alone"))
            for id in ["m0", "m1", "m2"] {
                let queue = id == "m2" ? "elsewhere" : "work"
                #expect(try await harness.inspector.cancel(id: JobID(id), queue: queue) == .done)
            }
            for (limit, scan) in [(1, 1), (3, 5), (50, 2_000), (1_000, 7)] {
                let found = try await all(harness, "b.1", limit: limit, scan: scan)
                #expect(found.map(\.id.rawValue).sorted() == mine.map(\.id.rawValue).sorted(), "\(limit) \(scan)")
                #expect(found.allSatisfy { $0.batch == "b.1" })
                #expect(found.count { $0.isCancelled } == 3 && found.count { $0.queue == "elsewhere" } == 6)
                #expect(found.count { $0.state == .scheduled } == 6)
            }
            #expect(try await all(harness, "b-1", limit: 50).count == 30)
            #expect(try await all(harness, "b", limit: 50).isEmpty)
            for text in ["x", "d29yazp3YWl0aW5n", "d29yazpub25lOg=="] {
                await #expect(throws: JobQueueError.self) {
                    try await harness.inspector.members(of: BatchID("b.1"), cursor: text)
                }
            }
        }
    }
}
