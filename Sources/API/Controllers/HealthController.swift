import HTTPTypes
import Hummingbird
import Logging
import Marketplace
import NIOCore
import ObjectStore
import RedisClient

/// Whether the process runs, and whether it can do its work.
struct HealthController {
    let marketplace: Marketplace

    func add(to router: some RouterMethods<APIContext>) {
        router.get("health/live", use: live)
        router.get("health/ready", use: ready)
    }

    private struct Health: Encodable {
        var status: String
        var checks: [String: String]?
    }

    @Sendable private func live(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(Health(status: "ok"))
    }

    @Sendable private func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        async let redis = check("redis", context) {
            var ping = RedisCommand("PING")
            ping.retry = .safe
            ping.timeout = .seconds(2)
            _ = try await marketplace.redis.send(ping)
        }
        async let store = check("store", context) {
            // A key that no picture's name matches, so nobody can fetch it; one object, replaced each time.
            try await marketplace.objects.put(
                bucket: Uploads.mediaBucket, key: ".health", bytes: ByteBuffer(string: "ok"))
        }
        let checks = await ["redis": redis, "store": store]
        let isReady = checks.values.allSatisfy { $0 == "ok" }
        return try .json(
            Health(status: isReady ? "ok" : "unavailable", checks: checks),
            status: isReady ? .ok : .serviceUnavailable)
    }

    private func check(_ name: String, _ context: APIContext, _ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "ok"
        } catch {
            context.logger.warning("not ready", metadata: ["part": "\(name)", "error": "\(error)"])
            return "failed"
        }
    }
}
