internal import CHiredis
import Glibc

/// An address that can be connected to without a name service.
enum Endpoint: Sendable, Hashable {
    case unix(path: String)
    case numeric(host: String, port: Int32)
}

extension Endpoint: CustomStringConvertible {
    var description: String {
        switch self {
        case .unix(let path): path
        case .numeric(let host, let port): "\(host):\(port)"
        }
    }
}

/// Says where the next connection of a client goes.
///
/// A connection asks each time it is made, so that a moved name or primary is followed.
protocol EndpointResolver: Sendable {
    /// Answers at once if no name service is needed, otherwise from a thread of its own: the reactor must not block.
    func resolve(_ completion: @escaping @Sendable (Result<[Endpoint], RedisError>) -> Void)

    /// The client ends: nothing will be asked any more.
    func stop()
}

/// A path of a Unix socket.
struct SocketResolver: EndpointResolver {
    let path: String

    /// `sun_path` holds 108 bytes with the final NUL; hiredis would cut a longer path off and connect to something else.
    private static let longestSocketPath = 107

    func resolve(_ completion: @escaping @Sendable (Result<[Endpoint], RedisError>) -> Void) {
        guard path.utf8.count <= Self.longestSocketPath else {
            return completion(
                .failure(RedisError(.notSent, "socket path longer than \(Self.longestSocketPath) bytes: \(path)")))
        }
        completion(.success([.unix(path: path)]))
    }

    func stop() {}
}

/// A host and a port.
struct HostResolver: EndpointResolver {
    let host: String
    let port: Int

    func resolve(_ completion: @escaping @Sendable (Result<[Endpoint], RedisError>) -> Void) {
        guard let number = Int32(exactly: port), (1...65_535).contains(port) else {
            return completion(.failure(RedisError(.notSent, "no such TCP port: \(port)")))
        }
        if Self.isNumeric(host) {
            return completion(.success([.numeric(host: host, port: number)]))
        }
        // getaddrinfo blocks for as long as the name service likes.
        startThread(named: "redis-resolver") {
            completion(Self.lookUp(host, port: number))
        }
    }

    func stop() {}

    static func isNumeric(_ host: String) -> Bool {
        var storage = in6_addr()
        return inet_pton(AF_INET, host, &storage) == 1 || inet_pton(AF_INET6, host, &storage) == 1
    }

    /// Asks the name service, which may take long.
    static func lookUp(_ host: String, port: Int32) -> Result<[Endpoint], RedisError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            return .failure(RedisError(.notSent, "cannot resolve \(host): \(String(cString: gai_strerror(status)))"))
        }
        defer { freeaddrinfo(list) }
        var endpoints: [Endpoint] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let result = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if result == 0 {
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                endpoints.append(.numeric(host: String(decoding: bytes, as: UTF8.self), port: port))
            }
            next = entry.pointee.ai_next
        }
        return endpoints.isEmpty ? .failure(RedisError(.notSent, "no address for \(host)")) : .success(endpoints)
    }
}
