import Probing

/// Finds out what a file is by its content, with libmagic in a process of its own.
struct TypeSniffer: Sendable {
    private let program: ProbeProgram

    /// libmagic takes milliseconds for any file; a file that makes it take seconds is made for that.
    private static let seconds = 10

    init(limits: ProbeLimits, scratch: ScratchArea) {
        var bounds = limits
        bounds.cpuTime = min(limits.cpuTime, .seconds(Self.seconds))
        // Its own as well: what a decoder may take says nothing of it.
        bounds.wallTime = bounds.cpuTime * 3
        program = ProbeProgram(limits: bounds, scratch: scratch)
    }

    /// Throws ``Rejection`` `archive_damaged`, `type_too_complex`; ``IngestError``.
    func look(at path: String) async throws -> TypeAnswer {
        try await program.ask("type", path, for: TypeAnswer.self, beyondBounds: "type_too_complex")
    }
}
