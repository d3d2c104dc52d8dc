/// Wraps the handlers of a worker: sees every attempt, and what becomes of it.
///
/// ```swift
/// struct Timed: JobMiddleware {
///     func handle(_ context: JobContext, next: JobNext) async throws -> Completion {
///         let start = ContinuousClock.now
///         defer { context.logger.info("ran", metadata: ["for": "\(start.duration(to: .now))"]) }
///         return try await next(context)
///     }
/// }
/// handlers.use(Timed())
/// ```
/// The first one that was registered is the outermost: it sees an attempt first and its end last. What a middleware
/// returns or throws counts as if the handler had done so; one that does not call `next` stands in for the handler.
public protocol JobMiddleware: Sendable {
    /// Runs one attempt by calling `next`, with the context as it came or changed (``JobContext/payload``).
    func handle(_ context: JobContext, next: JobNext) async throws -> Completion
}

/// The rest of an attempt: the middleware further in, and the handler.
public typealias JobNext = @Sendable (JobContext) async throws -> Completion
