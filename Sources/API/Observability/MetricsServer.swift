import HTTPTypes
public import Hummingbird
import Marketplace

/// Builds the server of `/metrics` for Prometheus, to be bound to an address that the public can't reach.
public func buildMetricsServer(dependencies: APIDependencies, host: String, port: Int) -> some ApplicationProtocol {
    let exposition = MetricsExposition(metrics: dependencies.metrics, queue: dependencies.marketplace.queue)
    let router = Router()
    router.get("metrics") { _, context in
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: await exposition.text(logger: context.logger))))
    }
    return Application(
        responder: router.buildResponder(),
        configuration: .init(address: .hostname(host, port: port), serverName: "sunset"),
        logger: dependencies.logger)
}
