import JobQueue
import Logging
import RedisClient
import ServiceLifecycle

struct Greet: Job {
    static let name = "greet"
    static let queue = "greetings"
    var whom: String
}

struct Goodbye: Job {
    static let name = "goodbye"
    static let queue = "greetings"
}

let logger = Logger(label: "example") { _ in SwiftLogNoOpLogHandler() }
let redis = RedisClient(RedisConfiguration(address: .unix(path: CommandLine.arguments[1])), logger: logger)
let queue = JobQueue(redis: redis, namespace: try Namespace("example"), logger: logger)
let (ended, end) = AsyncStream.makeStream(of: Never.self)

var handlers = JobHandlers()
handlers.register(Greet.self) { job, context in
    print("Hello, \(job.whom)! (attempt \(context.attempt))")
    // The follow-up is enqueued in the step that acknowledges this job, or not at all.
    return Completion(followUps: [try Goodbye().prepared()])
}
handlers.register(Goodbye.self) { _, _ in
    print("Goodbye!")
    end.finish()
}

let configuration = JobWorkerConfiguration(queues: [WorkerQueue("greetings", concurrency: 4)])
let worker = JobWorker(queue: queue, handlers: handlers, configuration: configuration, logger: logger)
let services = ServiceGroup(services: [redis, worker], logger: logger)
async let run: Void = services.run()
try await queue.enqueue(Greet(whom: "Ada"))
for await _ in ended {}
await services.triggerGracefulShutdown()
try await run
