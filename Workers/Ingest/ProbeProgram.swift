import Foundation
import Probing

/// Asks `sunset-probe`, which stands beside the running program.
struct ProbeProgram: Sendable {
    let limits: ProbeLimits
    let scratch: ScratchArea

    /// - Throws: ``Rejection`` as the probe refuses the file, or with `code` when it reached a bound; ``IngestError``.
    func ask<Answer: Codable & Sendable>(
        _ question: String, _ path: String, _ arguments: [String] = [], for answer: Answer.Type,
        beyondBounds code: String
    ) async throws -> Answer {
        let program = try Self.path()
        let outcome = try await scratch.withFolder { folder in
            try await BoundedProcess(limits: limits, scratch: folder).run(program, [question, path] + arguments)
        }
        switch outcome {
        case .success(let output):
            let reply = try JSONDecoder().decode(ProbeReply<Answer>.self, from: Data(output.utf8))
            if let refusal = reply.refusal { throw Rejection(refusal.code, refusal.detail) }
            guard let answer = reply.answer else { throw IngestError.probe("sunset-probe gave no answer") }
            return answer
        case .failure(let detail):
            throw IngestError.probe(detail)
        case .exceeded(let detail):
            throw Rejection(code, "The file could not be looked at within bounds: \(detail).")
        }
    }

    private static func path() throws -> String {
        let running = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: running).deletingLastPathComponent().appending(path: "sunset-probe").path
    }
}
