/// Finds the primary: asks one Sentinel after the other, and the server that it names for its role.
struct SentinelDiscovery: Sendable {
    let master: String
    /// The one that last knew the primary comes first, so that a dead one costs its timeout once.
    private(set) var sentinels: [RedisConfiguration.Sentinel]
    private let username: String?
    private let password: String?
    private let sentinelUsername: String?
    private let sentinelPassword: String?
    private let timeout: Duration

    init(master: String, sentinels: [RedisConfiguration.Sentinel], configuration: RedisConfiguration) {
        self.master = master
        self.sentinels = sentinels
        username = configuration.username
        password = configuration.password
        sentinelUsername = configuration.sentinelUsername
        sentinelPassword = configuration.sentinelPassword
        timeout = configuration.sentinelTimeout
    }

    /// The next question goes to this Sentinel first.
    mutating func prefer(_ sentinel: RedisConfiguration.Sentinel) {
        guard let index = sentinels.firstIndex(of: sentinel) else { return }
        sentinels.insert(sentinels.remove(at: index), at: 0)
    }

    /// Asks until one names a server that says itself that it is the primary; the error tells what each said.
    mutating func find() -> Result<Endpoint, RedisError> {
        var tried: [String] = []
        var verdicts: [Endpoint: String] = [:]
        for sentinel in sentinels {
            do throws(RedisError) {
                let endpoint = try ask(sentinel)
                // Another Sentinel's word for the same server does not make it answer.
                let verdict = verdicts[endpoint] ?? Self.verdict { () throws(RedisError) in try role(of: endpoint) }
                guard let verdict else {
                    prefer(sentinel)
                    return .success(endpoint)
                }
                verdicts[endpoint] = verdict
                tried.append("\(sentinel) names \(endpoint), \(verdict)")
            } catch {
                tried.append("\(sentinel): \(error.message)")
            }
        }
        let account = tried.isEmpty ? "no Sentinel is configured" : tried.joined(separator: "; ")
        return .failure(RedisError(.notSent, "no primary found for \(master): \(account)"))
    }

    /// `nil` for a primary, else what is wrong.
    private static func verdict(_ role: () throws(RedisError) -> String?) -> String? {
        do throws(RedisError) {
            let role = try role()
            return role == "master" ? nil : "whose role is \(role ?? "unknown")"
        } catch {
            return "which failed: \(error.message)"
        }
    }

    private func ask(_ sentinel: RedisConfiguration.Sentinel) throws(RedisError) -> Endpoint {
        let connection = try connect(to: sentinel)
        let question = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", RedisArgument(master))
        let answer = try connection.send(question)
        guard let host = answer[0].string, let port = answer[1].int else {
            throw RedisError(.notSent, "it knows no master of that name")
        }
        return try endpoint(host: host, port: port)
    }

    private func role(of endpoint: Endpoint) throws(RedisError) -> String? {
        guard case .numeric(let host, let port) = endpoint else { return nil }
        let connection = try BlockingConnection(host: host, port: Int(port), timeout: timeout)
        try connection.authenticate(username: username, password: password)
        return try connection.send(RedisCommand("ROLE"))[0].string
    }

    /// Logs in to a Sentinel.
    func connect(to sentinel: RedisConfiguration.Sentinel) throws(RedisError) -> BlockingConnection {
        let connection = try BlockingConnection(host: sentinel.host, port: sentinel.port, timeout: timeout)
        try connection.authenticate(username: sentinelUsername, password: sentinelPassword)
        return connection
    }

    /// A Sentinel may be set to announce names instead of addresses.
    func endpoint(host: String, port: Int) throws(RedisError) -> Endpoint {
        guard let port = Int32(exactly: port) else { throw RedisError(.notSent, "it names no such port: \(port)") }
        guard !HostResolver.isNumeric(host) else { return .numeric(host: host, port: port) }
        guard let first = try HostResolver.lookUp(host, port: port).get().first else {
            throw RedisError(.notSent, "no address for \(host)")
        }
        return first
    }
}
