import RedisClient
import TestSupport
import Testing

@Suite struct SubscriptionTests {
    @Test func `a message published after subscribe has returned arrives`() async throws {
        try await withRedis { _, redis in
            let subscription = try await redis.subscribe(to: ["a", "b"])
            #expect(try await redis.send(RedisCommand("PUBLISH", "b", "hello")) == .integer(1))
            var iterator = subscription.makeAsyncIterator()
            #expect(await iterator.next() == .message(channel: "b", payload: Array("hello".utf8)))
        }
    }

    @Test func `subscriptions share a connection and leave by themselves`() async throws {
        try await withRedis { _, redis in
            let tasks = try await withThrowingTaskGroup(of: RedisSubscription.self) { group in
                for index in 0..<50 {
                    group.addTask { try await redis.subscribe(to: ["all", "own:\(index)"]) }
                }
                return try await group.reduce(into: [RedisSubscription]()) { $0.append($1) }
            }
            .map { subscription in
                Task {
                    for await event in subscription { return event }
                    return RedisSubscription.Event.gap
                }
            }
            #expect(try await redis.send(RedisCommand("PUBLISH", "all", "x")) == .integer(1))
            for task in tasks {
                #expect(await task.value == .message(channel: "all", payload: [UInt8(ascii: "x")]))
            }
            try await eventually { try await redis.send(RedisCommand("PUBSUB", "CHANNELS")).array?.isEmpty == true }
            let again = try await redis.subscribe(to: ["all"])
            _ = try await redis.send(RedisCommand("PUBLISH", "all", "y"))
            var iterator = again.makeAsyncIterator()
            #expect(await iterator.next() == .message(channel: "all", payload: [UInt8(ascii: "y")]))
        }
    }

    @Test func `a lost connection is replaced and the gap is announced`() async throws {
        try await withRedis { server, redis in
            let subscription = try await redis.subscribe(to: ["news"])
            try await server.restart()
            var iterator = subscription.makeAsyncIterator()
            #expect(await iterator.next() == .gap)
            _ = try await redis.send(RedisCommand("PUBLISH", "news", "back").retrying(.safe))
            #expect(await iterator.next() == .message(channel: "news", payload: Array("back".utf8)))
        }
    }

    @Test func `a connection that alone is killed comes back without any other traffic`() async throws {
        try await withRedis { _, redis in
            let subscription = try await redis.subscribe(to: ["news"])
            var iterator = subscription.makeAsyncIterator()
            for _ in 0..<3 {
                _ = try await redis.send(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub"))
                #expect(await iterator.next() == .gap)
            }
        }
    }

    @Test func `a task that was cancelled before does not subscribe`() async throws {
        try await withRedis { _, redis in
            for _ in 0..<100 {
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await redis.subscribe(to: ["news"])
                }
                let error = await #expect(throws: RedisError.self) { try await task.value }
                #expect(error?.code == .cancelled)
            }
            try await eventually { try await redis.send(RedisCommand("PUBSUB", "CHANNELS")).array?.isEmpty == true }
        }
    }

    @Test func `a reader that falls behind is told so`() async throws {
        try await withRedis { _, redis in
            let subscription = try await redis.subscribe(to: ["news"])
            let messages = (0..<5_000).map { RedisCommand("PUBLISH", "news", "\($0)") }
            _ = await redis.send(messages)
            let end = RedisCommand("PUBLISH", "news", "end")
            _ = try await redis.send(end)
            var sawGap = false
            var count = 0
            for await event in subscription {
                count += 1
                if event == .gap { sawGap = true }
                if event == .message(channel: "news", payload: Array("end".utf8)) { break }
            }
            // Either the reader kept up, or it knows.
            #expect(sawGap || count == 5_001)
        }
    }

    @Test func `closing the client ends the sequence`() async throws {
        try await withRedis { _, redis in
            let subscription = try await redis.subscribe(to: ["news"])
            await redis.close()
            var iterator = subscription.makeAsyncIterator()
            #expect(await iterator.next() == nil)
        }
    }
}
