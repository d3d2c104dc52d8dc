import HTTPSupport
public import Hummingbird
import Marketplace
public import NIOCore
public import ServiceLifecycle
import Telemetry

/// The REST API, built: routes, middleware, storefront.
public struct MarketplaceAPI: Sendable {
    /// The routes that the contract describes, as they were registered.
    public let routes: [APIRoute]

    private let responder: RouterResponder<APIContext>
    private let dependencies: APIDependencies
    private let configuration: APIConfiguration

    /// Builds the API; reads the storefront's folder, blocking.
    ///
    /// Throws when the folder that is configured can't be served.
    public init(dependencies: APIDependencies, configuration: APIConfiguration) throws {
        let router = RecordingRouter(
            router: Router(context: APIContext.self, options: .autoGenerateHeadEndpoints))
        router.add(middleware: RequestIDMiddleware(marketplace: dependencies.marketplace))
        router.add(middleware: AccessLogMiddleware(metrics: dependencies.metrics))
        router.add(middleware: SecurityHeadersMiddleware())
        router.add(middleware: ProblemMiddleware(routes: router.index))
        if let directory = configuration.storefrontDirectory {
            router.add(middleware: StorefrontMiddleware(site: try StaticSite(directory: directory)))
        }
        Self.addRoutes(
            to: router,
            APIEnvironment(
                marketplace: dependencies.marketplace, events: dependencies.events, configuration: configuration,
                transfers: TransferMetrics(registry: dependencies.metrics.registry)))
        self.routes = router.index.routes
        self.responder = router.router.buildResponder()
        self.dependencies = dependencies
        self.configuration = configuration
    }

    private static func addRoutes(to router: RecordingRouter, _ environment: APIEnvironment) {
        let v1 = router.group("v1")
        AuthController(environment: environment).add(to: v1)
        CatalogueController(environment: environment).add(to: v1)
        CartController(environment: environment).add(to: v1)
        CheckoutController(environment: environment).add(to: v1)
        OrderController(environment: environment).add(to: v1)
        LibraryController(environment: environment).add(to: v1)
        UploadController(environment: environment).add(to: v1)
        SellerController(environment: environment).add(to: v1)
        WebhookController(environment: environment).add(to: v1)
        ObjectController(environment: environment).add(to: router)
        DownloadController(environment: environment).add(to: router)
        HealthController(marketplace: environment.marketplace).add(to: router)
        DocsController().add(to: router)
    }

    /// The server.
    ///
    /// It stops taking connections at graceful shutdown and lets running requests end.
    ///
    /// - Parameters:
    ///   - services: What must run beside it, the event hub among them, if the caller has no group of its own.
    ///   - onServerRunning: Called with the listening channel, whose address has the port that was taken.
    public func application(
        services: [any Service] = [],
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [FileRegionSender(), ConnectionCloser()],
                    idleTimeout: .nanoseconds(
                        configuration.idleTimeout.components.seconds * 1_000_000_000
                            + configuration.idleTimeout.components.attoseconds / 1_000_000_000))),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "sunset", backlog: 1024),
            services: services,
            onServerRunning: onServerRunning,
            logger: dependencies.logger)
    }
}

/// Builds the REST API's server, to be run in the process's service group beside the event hub and the Redis client.
///
/// Throws when the storefront's folder can't be served. It reads files: call it at start-up.
///
/// - Parameter onServerRunning: Called with the listening channel, whose address has the port that was taken.
public func buildAPI(
    dependencies: APIDependencies,
    configuration: APIConfiguration,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) throws -> some ApplicationProtocol {
    try MarketplaceAPI(dependencies: dependencies, configuration: configuration)
        .application(onServerRunning: onServerRunning)
}
