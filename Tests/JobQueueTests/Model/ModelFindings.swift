@testable import JobQueue

/// Short sequences that once showed a fault.
enum ModelFindings {
    struct Finding: Sendable, CustomStringConvertible {
        let description: String
        let operations: [ModelOperation]
    }

    static let all: [Finding] = [
        Finding(
            description: "a job that is deleted while it runs, then parked, leaves no history behind",
            operations: [
                .enqueue([job("j1")]),
                turn(1, claim: 1),
                turn(2, [ending("j1", 1, .failed(delay: .zero, isPermanent: false, message: "once"))], claim: 1),
                turn(3, claim: 1),
                .operate(.delete, queue: "a", id: "j1"),
                turn(4, [ending("j1", 2, .parked(type: "steady@1"))], claim: 0),
                .beat(queue: "a", claims: [], types: ["steady@1"], lease: 1_000),
            ]),
        Finding(
            description: "a job that is cancelled where it waits, then moved, leaves its mark in the list",
            operations: [
                .enqueue([job("j1")]), .operate(.cancel(reason: nil), queue: "a", id: "j1"),
                .operate(.move(to: "b"), queue: "a", id: "j1"), .enqueue([job("j1")]), turn(1, claim: 5),
                .enqueue([job("j1")]), turn(2, claim: 5),
            ]),
    ]

    private static func job(_ id: String) -> PreparedJob {
        do {
            return try ReplaySteady().prepared(id: JobID(id))
        } catch {
            fatalError("a job of the replay can't be prepared: \(error)")
        }
    }

    private static func ending(_ id: String, _ epoch: Int64, _ outcome: Outcome) -> Ending {
        Ending(
            id: JobID(id), epoch: epoch, outcome: outcome,
            header: Envelope(Array("1 0 0 ".utf8) + job(id).body)?.header,
            failures: 0, backoff: Backoff())
    }

    private static func turn(_ number: Int64, _ endings: [Ending] = [], claim: Int) -> ModelOperation {
        .turn(
            Turn(number: number, endings: endings, claim: claim, isIdle: true, ranMicroseconds: 1), queue: "a",
            worker: "w", lease: 1_000)
    }
}
