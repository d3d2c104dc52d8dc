import JobQueue
import Testing

@Suite("Identifiers and names")
struct IdentifierTests {
    @Test("ids sort by their time, and two of one millisecond differ")
    func sorted() {
        var generator = SystemRandomNumberGenerator()
        let early = SortableID.make(prefix: "job_", milliseconds: 1_000, using: &generator)
        let late = SortableID.make(prefix: "job_", milliseconds: 1_001, using: &generator)
        #expect(early < late)
        let many = (0..<1_000).map { _ in SortableID.make(prefix: "job_", milliseconds: 5, using: &generator) }
        #expect(Set(many).count == 1_000)
        #expect(many.allSatisfy { $0.utf8.count == 30 && $0.hasPrefix("job_") })
    }

    @Test("a namespace's keys carry its hash tag")
    func tag() throws {
        #expect(try Namespace("shop-1").prefix == "{shop-1}:")
    }

    @Test("a namespace that would break the hash tag is refused", arguments: ["", "a}b", "a{b", "a b", "ä"])
    func badNamespace(name: String) {
        #expect(throws: JobQueueError.self) { try Namespace(name) }
    }
}
