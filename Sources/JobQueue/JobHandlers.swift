internal import Foundation

/// The job types and effects that a worker knows.
public struct JobHandlers: Sendable {
    struct TypeKey: Hashable, Sendable {
        let name: String
        let version: Int
    }

    struct Handler: Sendable {
        let options: JobOptions
        let run: @Sendable (Data, JobContext) async throws -> Completion
    }

    private(set) var handlers: [TypeKey: Handler] = [:]
    private(set) var effects: [EffectDefinition] = []

    /// Creates an empty set.
    public init() {}

    /// Registers the handler of a type and version; the last registration counts.
    ///
    /// A payload that can't be decoded dead-letters the job.
    public mutating func register<J: Job>(
        _ type: J.Type, _ handler: @Sendable @escaping (J, JobContext) async throws -> Completion
    ) {
        handlers[TypeKey(name: J.name, version: J.version)] = Handler(options: J.options) { payload, context in
            let job: J
            do {
                job = try JSONDecoder().decode(J.self, from: payload)
            } catch {
                throw JobFailure.permanent("The payload can't be decoded: \(error)")
            }
            return try await handler(job, context)
        }
    }

    /// Registers a handler that has nothing to hand back.
    public mutating func register<J: Job>(
        _ type: J.Type, _ handler: @Sendable @escaping (J, JobContext) async throws -> Void
    ) {
        register(type) { (job: J, context: JobContext) async throws -> Completion in
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

    /// The types on the wire, for example `send-mail@1`.
    var wireTypes: [String] {
        handlers.keys.map { "\($0.name)@\($0.version)" }.sorted()
    }
}
