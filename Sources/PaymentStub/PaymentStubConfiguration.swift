/// Where the stub listens, what it trusts and whom it tells.
public struct PaymentStubConfiguration: Sendable {
    /// Address to listen on.
    public var host: String
    /// Port to listen on; 0 lets the system choose.
    public var port: Int
    /// Port of `/metrics` on the same host; nil for none.
    public var metricsPort: Int?
    /// Folder of the journal; created when missing.
    public var dataDirectory: String
    /// The bearer token that every `/v1` request must carry.
    public var secretKey: String
    /// Where events are posted; nil sends none.
    public var webhookURL: String?
    /// Secrets that sign events, the newest first; during a rotation there are two and both sign.
    public var webhookSecrets: [String]
    /// Base URL under which a payer's browser reaches the challenge page; nil is the address a request came to.
    public var publicURL: String?
    /// How long a webhook's receiver may take to answer.
    public var webhookTimeout: Duration
    /// The wait after the first failed delivery; doubled, with jitter, for each further one.
    public var webhookBackoff: Duration
    /// The longest wait between two deliveries.
    public var webhookMaximumBackoff: Duration
    /// Deliveries of one event before it is abandoned.
    public var webhookMaximumAttempts: Int
    /// How long an answer that is to be lost is held back before the request ends in 504.
    public var lostAnswerDelay: Duration
    /// How long after a refund with the test card …5126 the bank returns it.
    public var refundFailureDelay: Duration

    /// Creates a configuration.
    public init(
        host: String = "127.0.0.1",
        port: Int = 0,
        metricsPort: Int? = nil,
        dataDirectory: String,
        secretKey: String,
        webhookURL: String? = nil,
        webhookSecrets: [String] = [],
        publicURL: String? = nil,
        webhookTimeout: Duration = .seconds(10),
        webhookBackoff: Duration = .milliseconds(500),
        webhookMaximumBackoff: Duration = .seconds(60),
        webhookMaximumAttempts: Int = 20,
        lostAnswerDelay: Duration = .seconds(30),
        refundFailureDelay: Duration = .seconds(1)
    ) {
        self.host = host
        self.port = port
        self.metricsPort = metricsPort
        self.dataDirectory = dataDirectory
        self.secretKey = secretKey
        self.webhookURL = webhookURL
        self.webhookSecrets = webhookSecrets
        self.publicURL = publicURL
        self.webhookTimeout = webhookTimeout
        self.webhookBackoff = webhookBackoff
        self.webhookMaximumBackoff = webhookMaximumBackoff
        self.webhookMaximumAttempts = webhookMaximumAttempts
        self.lostAnswerDelay = lostAnswerDelay
        self.refundFailureDelay = refundFailureDelay
    }
}
