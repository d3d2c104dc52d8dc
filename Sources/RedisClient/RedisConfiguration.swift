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
        /// The primary that Sentinels watch under a name, wherever it is at the moment.
        ///
        /// Every connection asks for it when it is made, checks with `ROLE` that it has reached it, and moves when it moves.
        case sentinel(master: String, sentinels: [Sentinel])
    }

    /// Where a Sentinel listens.
    public struct Sentinel: Sendable, Hashable {
        /// Its name or numeric address.
        public var host: String
        /// Its TCP port.
        public var port: Int

        /// Describes a Sentinel; 26379 is its usual port.
        public init(host: String, port: Int = 26_379) {
            self.host = host
            self.port = port
        }
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
    /// The Sentinels' ACL user; `nil` is their default user.
    public var sentinelUsername: String?
    /// The Sentinels' password, which is not the server's; `nil` sends them no `AUTH`.
    public var sentinelPassword: String?
    /// How long one Sentinel (or a server it names) may take to connect, and to answer a question.
    public var sentinelTimeout: Duration

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
        maximumBackoff: Duration = .seconds(2),
        sentinelUsername: String? = nil,
        sentinelPassword: String? = nil,
        sentinelTimeout: Duration = .milliseconds(500)
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
        self.sentinelUsername = sentinelUsername
        self.sentinelPassword = sentinelPassword
        self.sentinelTimeout = sentinelTimeout
    }
}

extension RedisConfiguration {
    /// Whether connections look for a primary that may move.
    var followsPrimary: Bool {
        guard case .sentinel = address else { return false }
        return true
    }
}

extension RedisConfiguration.Address: CustomStringConvertible {
    /// The address as a log shows it.
    public var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): "\(host):\(port)"
        case .sentinel(let master, let sentinels):
            "\(master) of \(sentinels.map(\.description).joined(separator: ", "))"
        }
    }
}

extension RedisConfiguration.Sentinel: CustomStringConvertible {
    /// Host and port.
    public var description: String { "\(host):\(port)" }
}
