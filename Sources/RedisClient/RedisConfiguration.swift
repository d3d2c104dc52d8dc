/// Where a Redis server is and how a client treats it.
public struct RedisConfiguration: Sendable {
    /// The address of a server.
    public enum Address: Sendable, Hashable {
        /// A Unix domain socket; its path may be up to 107 bytes long.
        case unix(path: String)
        /// A TCP endpoint.
        ///
        /// A host name is resolved again for every connection.
        case tcp(host: String, port: Int)
    }

    /// The server's address.
    public var address: Address
    /// The ACL user; `nil` is the default user.
    public var username: String?
    /// The password; `nil` sends no `AUTH`.
    public var password: String?
    /// The database number that `SELECT` chooses.
    public var database: Int
    /// The name that `CLIENT LIST` shows, without spaces.
    public var clientName: String?
    /// How many multiplexed connections all tasks share.
    ///
    /// More than one pays off only where one reply is very large.
    public var connections: Int
    /// How many dedicated connections may be open at a time (``RedisClient/withConnection(_:)``).
    public var maximumDedicatedConnections: Int
    /// How long one attempt to connect and to say hello may take.
    public var connectTimeout: Duration
    /// How long a command may take, waiting for a connection included, unless it says otherwise.
    public var commandTimeout: Duration
    /// The first pause after a lost connection or a "not now" answer; it doubles from there.
    public var minimumBackoff: Duration
    /// The longest pause between two attempts to connect.
    ///
    /// Jitter takes up to half of it away.
    public var maximumBackoff: Duration

    /// Describes a server by its address; everything else has a default that can be set afterwards.
    public init(
        address: Address,
        username: String? = nil,
        password: String? = nil,
        database: Int = 0,
        clientName: String? = nil,
        connections: Int = 1,
        maximumDedicatedConnections: Int = 64,
        connectTimeout: Duration = .seconds(5),
        commandTimeout: Duration = .seconds(10),
        minimumBackoff: Duration = .milliseconds(20),
        maximumBackoff: Duration = .seconds(2)
    ) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
        self.clientName = clientName
        self.connections = connections
        self.maximumDedicatedConnections = maximumDedicatedConnections
        self.connectTimeout = connectTimeout
        self.commandTimeout = commandTimeout
        self.minimumBackoff = minimumBackoff
        self.maximumBackoff = maximumBackoff
    }
}
