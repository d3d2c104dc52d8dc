import API
import Foundation
import Marketplace
import RedisClient
import TestSupport
import Testing

/// Files so large that they go out in pieces.
struct DownloadTransferTests {
    /// Three pieces and some bytes, no two blocks of it alike.
    private static let content = (0..<(3 << 20) + 12_345).map { UInt8(truncatingIfNeeded: ($0 >> 12) &* 31 &+ $0) }

    private func bought(
        _ installation: Installation, content: [UInt8] = content
    ) async throws -> (entitlement: JSON, buyer: String, path: String) {
        let seller = try await installation.signUp("sam", groups: ["seller"])
        let buyer = try await installation.signUp("ben")
        let product = try await installation.product(as: seller, files: [content])
        let entitlement = try await installation.entitlement(
            try await installation.buy([product], as: buyer), as: buyer)
        let link = try await installation.link(entitlement, as: buyer)
        let url = try #require(link.json["url"].string, "\(link.text)")
        return (entitlement, buyer, url.replacing(Installation.publicURL, with: ""))
    }

    /// The last entries of the log of downloads, oldest first.
    private func log(_ installation: Installation) async throws -> [[String: String]] {
        let entries = try await installation.marketplace.redis.send(
            RedisCommand("XRANGE", "{sunset}:downloads", "-", "+"))
        return (entries.array ?? []).map { entry in
            let fields = (entry[1].array ?? []).map { $0.string ?? "" }
            return Dictionary(
                uniqueKeysWithValues: stride(from: 0, to: fields.count, by: 2).map {
                    (fields[$0], fields[$0 + 1])
                })
        }
    }

    @Test("the whole of it and ranges across its pieces come byte for byte, one after the other on one connection")
    func pieces() async throws {
        try await withInstallation { installation in
            let (_, _, path) = try await bought(installation)
            let size = Self.content.count
            let ranges = [
                0..<size, 0..<1, (1 << 20) - 1..<(1 << 20) + 1, (1 << 20)..<(2 << 20), 12..<(3 << 20), size - 1..<size,
                (2 << 20) - 7..<size,
            ]
            for range in ranges {
                let answer = try await installation.get(
                    path, headers: ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
                #expect(answer.status == 206)
                #expect(answer.header("content-length") == "\(range.count)")
                #expect(answer.body == Array(Self.content[range]), "\(range)")
                for name in ["content-md5", "digest", "content-digest", "repr-digest", "x-amz-checksum-sha256"] {
                    #expect(answer.header(name) == nil)
                }
            }
            #expect(try await installation.get(path).body == Self.content)
            // Requests that were sent without waiting are answered in their order, each with its own bytes.
            let raw = try RawConnection(port: installation.port)
            let requests = ["Range: bytes=0-3000000\r\n", "Range: bytes=5-9\r\n", "Connection: close\r\n"]
            await raw.send(requests.map { "GET \(path) HTTP/1.1\r\nHost: x\r\n\($0)\r\n" }.joined())
            let bytes = await raw.readBytesToEnd()
            var rest = bytes[...]
            for body in [Self.content[0...3_000_000], Self.content[5...9], Self.content[...]] {
                let head = try #require(rest.firstRange(of: Array("\r\n\r\n".utf8)))
                rest = rest[head.upperBound...]
                #expect(rest.prefix(body.count).elementsEqual(body))
                rest = rest.dropFirst(body.count)
            }
            #expect(rest.isEmpty)
        }
    }

    @Test("a hundred at once get the same bytes, and count once")
    func many() async throws {
        try await withInstallation { installation in
            let (entitlement, buyer, path) = try await bought(installation)
            let connections = try (0..<100).map { _ in try RawConnection(port: installation.port) }
            for connection in connections {
                await connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            }
            // None of them is read before all are under way.
            for connection in connections {
                #expect(Array(await connection.readBytesToEnd().suffix(Self.content.count)) == Self.content)
            }
            let id = entitlement["id"].string ?? ""
            let downloads = try await installation.get("/v1/entitlements/\(id)", as: buyer).json["downloads"]
            #expect(downloads["used"].int == 1)
        }
    }

    @Test("a transfer that the client broke off is logged as such, with what was sent, its network and its program")
    func brokenOff() async throws {
        try await withInstallation { installation in
            // More than the sockets' buffers hold.
            let content = [UInt8](repeating: 7, count: 64 << 20)
            let (_, _, path) = try await bought(installation, content: content)
            let raw = try RawConnection(port: installation.port)
            await raw.send("GET \(path) HTTP/1.1\r\nHost: x\r\nUser-Agent: impatient/1\r\n\r\n")
            #expect(try await raw.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            raw.end()
            let ended = try await eventually { try await log(installation).last }
            #expect(ended["completed"] == "0")
            #expect(try #require(Int(ended["bytes"] ?? "")) < content.count)
            #expect(ended["address"] == "127.0.0.0/24")
            #expect(ended["agent"] == "impatient/1")

            #expect(try await installation.get(path).body.count == content.count)
            let whole = try await eventually {
                let last = try await log(installation).last
                return last?["completed"] == "1" ? last : nil
            }
            #expect(whole["bytes"] == "\(content.count)")
        }
    }

    /// Asks until there is an answer.
    private func eventually<T>(_ body: () async throws -> T?) async throws -> T {
        for _ in 0..<4_000 {
            if let value = try await body() { return value }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TestSupportError("it did not come to pass")
    }
}
