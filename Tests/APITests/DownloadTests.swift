import API
import Foundation
import Marketplace
import Testing
import TestSupport

struct DownloadTests {
    private static let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    /// A bought file and a link to it.
    private func bought(
        _ installation: Installation, content: [UInt8] = content
    ) async throws -> (seller: String, buyer: String, entitlement: JSON, link: JSON, path: String) {
        let seller = try await installation.signUp("sam", groups: ["seller"])
        let buyer = try await installation.signUp("ben")
        let product = try await installation.product(as: seller, files: [content])
        let order = try await installation.buy([product], as: buyer)
        let entitlement = try await installation.entitlement(order, as: buyer)
        let link = try await installation.link(entitlement, as: buyer)
        #expect(link.status == 201, "\(link.text)")
        let url = try #require(link.json["url"].string)
        #expect(url.hasPrefix(Installation.publicURL + "/d/"))
        return (seller, buyer, entitlement, link.json, url.replacing(Installation.publicURL, with: ""))
    }

    private func used(_ installation: Installation, _ entitlement: JSON, as buyer: String) async throws -> Int? {
        try await installation.get("/v1/entitlements/\(entitlement["id"].string ?? "")", as: buyer)
            .json["downloads"]["used"].int
    }

    @Test("the whole file comes as an attachment with its checksum, and counts once however often it is fetched")
    func whole() async throws {
        try await withInstallation { installation in
            let (_, buyer, entitlement, link, path) = try await bought(installation)
            let head = try await installation.send("HEAD", path)
            #expect(head.status == 200)
            #expect(head.header("content-length") == "100000")
            #expect(head.body.isEmpty)
            #expect(try await used(installation, entitlement, as: buyer) == 0)

            let answer = try await installation.get(path)
            #expect(answer.status == 200)
            #expect(answer.body == Self.content)
            #expect(sha256(answer.body) == link["sha256"].string)
            #expect(answer.header("etag") == "\"\(link["etag"].string ?? "")\"")
            #expect(answer.header("accept-ranges") == "bytes")
            #expect(answer.header("cache-control") == "private, no-store")
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("content-type") == "application/pdf")
            #expect(
                answer.header("content-disposition")
                    == "attachment; filename=\"file 0 _.pdf\"; filename*=UTF-8''file%200%20%C3%BC.pdf")
            #expect(try await used(installation, entitlement, as: buyer) == 1)
            #expect(try await installation.get(path).status == 200)
            #expect(try await installation.get(path, headers: ["Range": "bytes=5-9"]).status == 206)
            #expect(try await used(installation, entitlement, as: buyer) == 1)
        }
    }

    @Test("ranges: single and suffix are 206, several and malformed ones 200, impossible ones 416")
    func ranges() async throws {
        try await withInstallation { installation in
            let (_, buyer, entitlement, link, path) = try await bought(installation)
            let tag = "\"\(link["etag"].string ?? "")\""
            func range(_ value: String, _ more: [String: String] = [:]) async throws -> Answer {
                try await installation.get(path, headers: more.merging(["Range": value]) { $1 })
            }
            for value in ["bytes=100000-", "bytes=100000-100001", "bytes=-0"] {
                let answer = try await range(value)
                answer.expectProblem(416, "range_not_satisfiable")
                #expect(answer.header("content-range") == "bytes */100000")
            }
            #expect(try await used(installation, entitlement, as: buyer) == 0)
            let partial: [(String, Range<Int>)] = [
                ("bytes=0-0", 0..<1), ("bytes=0-99", 0..<100), ("bytes=99990-", 99_990..<100_000),
                ("bytes=-10", 99_990..<100_000), ("bytes=99999-200000", 99_999..<100_000),
                ("bytes=-200000", 0..<100_000), ("BYTES=1-2", 1..<3),
            ]
            for (value, expected) in partial {
                let answer = try await range(value)
                #expect(answer.status == 206, "\(value)")
                #expect(answer.body == Array(Self.content[expected]), "\(value)")
                #expect(
                    answer.header("content-range")
                        == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/100000")
                #expect(answer.header("content-length") == "\(expected.count)")
            }
            for value in ["bytes=0-1,5-6", "bytes=5-1", "lines=0-1", "bytes=x-1", "bytes=-", "bytes"] {
                let answer = try await range(value)
                #expect(answer.status == 200, "\(value)")
                #expect(answer.body.count == 100_000)
            }
            #expect(try await range("bytes=0-9", ["If-Range": tag]).status == 206)
            for other in ["\"other\"", "W/\(tag)", "Tue, 24 Nov 2026 08:00:00 GMT"] {
                #expect(try await range("bytes=0-9", ["If-Range": other]).status == 200)
            }
        }
    }

    @Test("conditions: 304 and 412 cost nothing")
    func conditions() async throws {
        try await withInstallation { installation in
            let (_, buyer, entitlement, link, path) = try await bought(installation)
            let tag = "\"\(link["etag"].string ?? "")\""
            for value in [tag, "W/\(tag)", "*"] {
                let answer = try await installation.get(path, headers: ["If-None-Match": value])
                #expect(answer.status == 304)
            }
            #expect(try await installation.get(path, headers: ["If-Match": "\"other\""]).status == 412)
            #expect(try await used(installation, entitlement, as: buyer) == 0)
            #expect(try await installation.get(path, headers: ["If-Match": tag]).status == 200)
            #expect(try await installation.get(path, headers: ["If-None-Match": "\"other\""]).status == 200)
        }
    }

    @Test("forged, expired, used up and revoked links are refused, each with its own code")
    func refused() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let files = [Array("one".utf8), Array("two".utf8)]
            let product = try await installation.product(as: seller, files: files, downloadLimit: 1)
            let order = try await installation.buy([product], as: buyer)
            let entitlement = try await installation.entitlement(order, as: buyer)
            func path(_ link: Answer) throws -> String {
                try #require(link.json["url"].string, "\(link.text)").replacing(Installation.publicURL, with: "")
            }
            let first = try path(try await installation.link(entitlement, file: 0, as: buyer))
            let second = try path(try await installation.link(entitlement, file: 1, as: buyer))
            let short = try path(try await installation.link(entitlement, file: 0, as: buyer, expiresIn: 1))

            let swapped = String(first.dropLast()) + (first.hasSuffix("A") ? "B" : "A")
            for forged in [swapped, "/d/v1.k.x.y", "/d/nonsense", first + "x"] {
                try await installation.get(forged).expectProblem(403, "token_forged")
                #expect(try await installation.send("HEAD", forged).status == 403)
            }
            #expect(try await installation.get(first).status == 200)
            try await installation.get(second).expectProblem(410, "download_limit_reached")
            var late = try await installation.get(short)
            for _ in 0..<600 where late.status != 410 {
                try await Task.sleep(for: .milliseconds(5))
                late = try await installation.get(short)
            }
            late.expectProblem(410, "token_expired")

            let id = entitlement["id"].string ?? ""
            try await installation.post(
                "/v1/seller/entitlements/\(id)/revoke", #"{"reason":""}"#, as: seller
            ).expectProblem(422, "validation_failed")
            let revoked = try await installation.post(
                "/v1/seller/entitlements/\(id)/revoke", #"{"reason":"chargeback"}"#, as: seller)
            #expect(revoked.status == 200, "\(revoked.text)")
            #expect(revoked.json["status"].string == "revoked")
            try await installation.get(first).expectProblem(410, "entitlement_revoked")
            try await installation.link(entitlement, as: buyer).expectProblem(410, "entitlement_revoked")
        }
    }

    @Test("only the product's seller or an admin revokes")
    func revokers() async throws {
        try await withInstallation { installation in
            let (_, buyer, entitlement, _, path) = try await bought(installation)
            let other = try await installation.signUp("olga", groups: ["seller"])
            let route = "/v1/seller/entitlements/\(entitlement["id"].string ?? "")/revoke"
            let body = #"{"reason":"because"}"#
            try await installation.post(route, body, as: other).expectProblem(404, "not_found")
            try await installation.post(route, body, as: buyer).expectProblem(403, "forbidden")
            #expect(try await installation.get(path).status == 200)
            let admin = try #require(try await installation.marketplace.accounts.ensureAdmin())
            let signedIn = try await installation.post(
                "/v1/auth/sign-in", #"{"email":"\#(admin.email)","password":"\#(admin.password)"}"#)
            let token = signedIn.json["token"].string
            #expect(try await installation.post(route, body, as: token).status == 200)
        }
    }

    @Test("a running download ends within the interval after its entitlement was revoked")
    func revokedUnderway() async throws {
        let megabyte = 1 << 20
        try await withInstallation(configure: { $0.revocationInterval = Int64(megabyte) }) { installation in
            // More than the sockets' buffers hold, so that the server must wait for the reader.
            let content = [UInt8](repeating: 5, count: 64 * megabyte)
            let (seller, _, entitlement, _, path) = try await bought(installation, content: content)
            let raw = try RawConnection(port: installation.port)
            await raw.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await raw.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            let revoked = try await installation.post(
                "/v1/seller/entitlements/\(entitlement["id"].string ?? "")/revoke", #"{"reason":"now"}"#, as: seller)
            #expect(revoked.status == 200)
            #expect(await raw.drain() < content.count - megabyte)
        }
    }

    @Test("another buyer's entitlement and its links do not exist")
    func foreign() async throws {
        try await withInstallation { installation in
            let (_, _, entitlement, _, _) = try await bought(installation)
            let other = try await installation.signUp("eve")
            try await installation.link(entitlement, as: other).expectProblem(404, "not_found")
            try await installation.get("/v1/entitlements/\(entitlement["id"].string ?? "")", as: other)
                .expectProblem(404, "not_found")
        }
    }
}
