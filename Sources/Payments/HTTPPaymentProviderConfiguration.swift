/// Where the payment service is and how patient to be with it.
public struct HTTPPaymentProviderConfiguration: Sendable {
    /// Base URL without a path, such as `http://127.0.0.1:4010`.
    public var baseURL: String
    /// The secret key, sent as a bearer token.
    public var secretKey: String
    /// Webhook secrets that are accepted, the newest first.
    public var webhookSecrets: [String]
    /// How long one attempt may take, from the first byte sent to the last received.
    public var requestTimeout: Duration
    /// Attempts within one call, all with the same key, for failures where repeating is right.
    public var maximumAttempts: Int
    /// The wait before the second attempt; doubled for each further one.
    public var retryDelay: Duration

    /// Creates a configuration.
    public init(
        baseURL: String,
        secretKey: String,
        webhookSecrets: [String],
        requestTimeout: Duration = .seconds(10),
        maximumAttempts: Int = 2,
        retryDelay: Duration = .milliseconds(100)
    ) {
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.secretKey = secretKey
        self.webhookSecrets = webhookSecrets
        self.requestTimeout = requestTimeout
        self.maximumAttempts = max(1, maximumAttempts)
        self.retryDelay = retryDelay
    }
}
