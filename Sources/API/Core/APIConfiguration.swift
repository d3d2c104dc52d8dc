/// What the API needs to know beside its dependencies; Settings fills it.
public struct APIConfiguration: Sendable {
    /// Where people reach the server: scheme, host and port, no path and no trailing slash.
    ///
    /// A request that is authenticated by the cookie is accepted for unsafe methods only if its `Origin` equals this.
    public var publicURL: String
    /// The built storefront; nil serves none.
    public var storefrontDirectory: String?
    /// The address that is listened on.
    public var host: String
    /// The port that is listened on; 0 takes any free one.
    public var port: Int
    /// JSON bodies above this many bytes are a 413.
    public var maximumJSONBytes: Int
    /// JSON nested deeper than this is a 400.
    public var maximumJSONDepth: Int
    /// How long a connection may be silent while nothing is asked of it, or while a request's body is awaited.
    public var idleTimeout: Duration
    /// How often a comment is sent on a silent event stream.
    public var heartbeat: Duration
    /// After how long an event stream is ended, so that a client that forgot it doesn't keep it for ever.
    public var eventStreamLifetime: Duration
    /// A running download asks whether it may go on each time it sent this many bytes.
    public var revocationInterval: Int64

    /// Makes a configuration with the defaults of `Config/sunset.yaml`.
    public init(
        publicURL: String = "http://127.0.0.1:8080",
        storefrontDirectory: String? = nil,
        host: String = "127.0.0.1",
        port: Int = 8080
    ) {
        self.publicURL = publicURL
        self.storefrontDirectory = storefrontDirectory
        self.host = host
        self.port = port
        self.maximumJSONBytes = 1 << 20
        self.maximumJSONDepth = 32
        self.idleTimeout = .seconds(75)
        self.heartbeat = .seconds(15)
        self.eventStreamLifetime = .seconds(3600)
        self.revocationInterval = 16 << 20
    }

    /// Whether the cookie must be kept to encrypted connections.
    var isSecure: Bool { publicURL.hasPrefix("https://") }
}
