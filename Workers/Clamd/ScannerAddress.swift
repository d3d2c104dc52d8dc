/// Where a clamd listens.
public enum ScannerAddress: Sendable, Equatable, CustomStringConvertible {
    /// `tcp://host:port`; an IPv6 address stands in brackets.
    case tcp(host: String, port: UInt16)
    /// `unix:/path`.
    case unix(path: String)

    /// Reads an address; nil when it is none.
    public init?(_ text: String) {
        if text.hasPrefix("unix:/") {
            let path = String(text.dropFirst("unix:".count))
            // What fits into sockaddr_un.
            guard path.utf8.count < 108 else { return nil }
            self = .unix(path: path)
            return
        }
        guard text.hasPrefix("tcp://") else { return nil }
        let rest = text.dropFirst("tcp://".count)
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0
        else { return nil }
        let host = rest[..<colon]
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        guard !bare.isEmpty, !bare.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
        self = .tcp(host: String(bare), port: port)
    }

    /// As in the settings.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
