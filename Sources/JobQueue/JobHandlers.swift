internal import Foundation

/// The job types, effects and middleware that a worker knows.
///
/// ```swift
/// var handlers = JobHandlers()
/// handlers.register(SendMail.self) { mail, context in
///     try await smtp.send(to: mail.to, messageID: context.id)
/// }
/// ```
public struct JobHandlers: Sendable {
    struct TypeKey: Hashable, Sendable {
        let name: String
        let version: Int
    }

    struct Handler: Sendable {
        let options: JobOptions
        let retry: (@Sendable (any Error, Int) -> RetryDecision)?
        /// Decodes and handles.
        let handle: JobNext
        /// The same inside the middleware; without any it is `handle` itself.
        var run: JobNext
    }

    private(set) var handlers: [TypeKey: Handler] = [:]
    private(set) var effects: [EffectDefinition] = []
    private var middleware: [any JobMiddleware] = []

    /// Creates an empty set.
    public init() {}

    /// Registers the handler of a type and version; the last registration counts.
    ///
    /// A payload that can't be decoded dead-letters the job. What the handler throws is a failure: a ``JobFailure`` as it
    /// says, anything else after the type's ``JobOptions/backoff``.
    ///
    /// - Parameter retry: decides on an error before that; gets the error and the number of the attempt, from 1.
    public mutating func register<J: Job>(
        _ type: J.Type,
        retry: (@Sendable (any Error, Int) -> RetryDecision)? = nil,
        _ handler: @Sendable @escaping (J, JobContext) async throws -> Completion
    ) {
        // One for all: it may be used by several threads at once, and making one costs a tenth of a small payload.
        let decoder = JSONDecoder()
        let handle: JobNext = { context in
            let job: J
            do {
                job = try decoder.decode(J.self, from: context.payload)
            } catch {
                throw JobFailure.permanent("The payload can't be decoded: \(error)")
            }
            return try await handler(job, context)
        }
        handlers[TypeKey(name: J.name, version: J.version)] = Handler(
            options: J.options, retry: retry, handle: handle, run: wrapped(handle))
    }

    // Two functions and no default for `retry`: the compiler prefers the one without a default when a closure of several
    // statements fits both kinds of handler, so that none needs its type spelled out. The test "closures of every shape"
    // holds it to that.
    /// Registers a handler that has nothing to hand back.
    public mutating func register<J: Job>(
        _ type: J.Type, _ handler: @Sendable @escaping (J, JobContext) async throws -> Void
    ) {
        register(type, retry: nil, completing(handler))
    }

    /// Registers a handler that has nothing to hand back, and the hook that decides on its errors.
    public mutating func register<J: Job>(
        _ type: J.Type,
        retry: @Sendable @escaping (any Error, Int) -> RetryDecision,
        _ handler: @Sendable @escaping (J, JobContext) async throws -> Void
    ) {
        register(type, retry: retry, completing(handler))
    }

    private func completing<J: Job>(
        _ handler: @Sendable @escaping (J, JobContext) async throws -> Void
    ) -> @Sendable (J, JobContext) async throws -> Completion {
        { job, context in
            try await handler(job, context)
            return .done
        }
    }

    /// Registers an effect that handlers may stage; registering the same name again replaces it.
    public mutating func register(effect: EffectDefinition) {
        precondition(isPlainName(effect.name), "an effect's name has letters, digits, '.', '_' or '-'")
        effects.removeAll { $0.name == effect.name }
        effects.append(effect)
    }

    /// Wraps all handlers, those registered before and after, in a middleware inside the ones that are there.
    public mutating func use(_ middleware: some JobMiddleware) {
        self.middleware.append(middleware)
        handlers = handlers.mapValues { handler in
            var handler = handler
            handler.run = wrapped(handler.handle)
            return handler
        }
    }

    /// Composed here and not for each job, so that none costs nothing.
    private func wrapped(_ handle: @escaping JobNext) -> JobNext {
        middleware.reversed().reduce(handle) { next, one in
            { context in try await one.handle(context, next: next) }
        }
    }

    /// The types on the wire, for example `send-mail@1`.
    var wireTypes: [String] {
        handlers.keys.map { "\($0.name)@\($0.version)" }.sorted()
    }
}
