import Glibc
import RedisClient

extension Downloads {
    /// Whether a running transfer may go on: ask each 16 MiB.
    public func isStillActive(_ ticket: DownloadTicket) async throws -> Bool {
        let entitlement = RedisArgument(market.keys.entitlement(ticket.entitlementID))
        let right = try await market.redis.send(
            RedisCommand("HMGET", entitlement, "status", "epoch").retrying(.safe))
        guard right[0].string == EntitlementStatus.active.rawValue, right[1].int == ticket.epoch else { return false }
        return try await !market.accounts.isSuspended(ticket.userID)
    }

    /// Writes a transfer that ended, whole or not, into the log of downloads.
    ///
    /// - Parameters:
    ///   - ticket: What was sent.
    ///   - bytesSent: Bytes of the body that went out.
    ///   - completed: Whether all that was asked for went out.
    ///   - address: The client's address; only its network's prefix is kept (/24, /48).
    ///   - userAgent: The client's name for itself; cut to 200 characters.
    ///   - traceID: The request's id, for the order's story.
    public func log(
        _ ticket: DownloadTicket, bytesSent: Int64, completed: Bool, address: String?, userAgent: String?,
        traceID: String? = nil
    ) async throws {
        let limit = market.configuration.commerce.downloadLogEntries
        _ = try await market.run(
            Self.logTransfer, keys: [market.keys.downloadLog],
            arguments: [
                RedisArgument(limit), RedisArgument(ticket.grantID), RedisArgument(ticket.entitlementID),
                RedisArgument(ticket.productID), RedisArgument(ticket.file.id), RedisArgument(bytesSent),
                RedisArgument(completed ? 1 : 0), RedisArgument(Self.prefix(ofAddress: address ?? "")),
                RedisArgument(String((userAgent ?? "").prefix(200))), RedisArgument(traceID ?? ""),
            ])
    }

    /// The network's part of an address: enough to see abuse, too little to follow a person.
    static func prefix(ofAddress address: String) -> String {
        var v4 = in_addr()
        if inet_pton(AF_INET, address, &v4) == 1 {
            return network(ofV4: withUnsafeBytes(of: &v4) { Array($0) })
        }
        var v6 = in6_addr()
        let host = address.prefix { $0 != "%" }
        guard inet_pton(AF_INET6, String(host), &v6) == 1 else { return "" }
        let bytes = withUnsafeBytes(of: &v6) { Array($0) }
        // ::ffff:a.b.c.d is an IPv4 address on a socket for both (RFC 4291 §2.5.5.2).
        if bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return network(ofV4: Array(bytes.suffix(4)))
        }
        let groups = stride(from: 0, to: 6, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/48"
    }

    private static func network(ofV4 bytes: [UInt8]) -> String {
        bytes.prefix(3).map { String($0) }.joined(separator: ".") + ".0/24"
    }
}
