import API
import Foundation
import Marketplace
import ObjectStore
import Testing
import TestSupport

struct UploadTests {
    /// Files in the store's folder that are not whole objects: what an aborted PUT must not leave behind.
    private func temporaryFiles(_ installation: Installation) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: installation.storeDirectory)
            .filter { $0.contains("tmp/") }
    }

    private func expectNoTemporaryFiles(_ installation: Installation) async throws {
        for _ in 0..<1_000 {
            if try temporaryFiles(installation).isEmpty { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("left behind: \(try temporaryFiles(installation))")
    }

    @Test("a file goes in by the presigned PUT and is ready after ingestion")
    func roundTrip() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let id = try await installation.upload(bytes, as: seller)
            let upload = try await installation.get("/v1/uploads/\(id)", as: seller).json
            #expect(upload["report"]["sha256"].string == sha256(bytes))
            #expect(upload["upload"] == .null)
            let list = try await installation.get("/v1/uploads?limit=1", as: seller).json
            #expect(list["object"].string == "list")
            #expect(list["data"][0]["id"].string == id)
        }
    }

    @Test("a PUT is held to what was announced: size, type, checksum, and once only")
    func constraints() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let bytes = Array("the right content".utf8)
            let other = Array("the wrong content".utf8)
            let upload = try await installation.announce(size: bytes.count, as: seller, sha256: sha256(bytes)).json
            let url = try #require(upload["upload"]["url"].string)

            try await installation.put(bytes + [0], upload).expectProblem(413, "body_too_large")
            try await installation.put(Array(bytes.dropLast()), upload).expectProblem(422, "validation_failed")
            try await installation.send(
                "PUT", url, headers: ["Content-Type": "text/html"], bytes: bytes
            ).expectProblem(422, "validation_failed")
            let checksum = try await installation.put(other, upload)
            // The store compares while streaming where the checksum is signed; else ingestion rejects it.
            if checksum.status != 200 {
                checksum.expectProblem(422, "validation_failed")
                #expect(checksum.json["errors"][0]["code"].string == "checksum_mismatch")
                #expect(try await installation.put(bytes, upload).status == 200)
            }
            let again = try await installation.put(bytes, upload)
            #expect(again.status == 412 || again.status == 409)
            try await expectNoTemporaryFiles(installation)
        }
    }

    @Test("a forged, a changed and an expired URL are refused before a byte is read")
    func signatures() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let upload = try await installation.announce(size: 3, as: seller).json
            let url = try #require(upload["upload"]["url"].string)
            let type = ["Content-Type": "application/pdf"]
            let bytes: [UInt8] = [1, 2, 3]
            let forged = String(url.dropLast()) + (url.hasSuffix("0") ? "1" : "0")
            try await installation.send("PUT", forged, headers: type, bytes: bytes)
                .expectProblem(403, "signature_invalid")
            try await installation.send("PUT", url + "&x-max=9", headers: type, bytes: bytes)
                .expectProblem(403, "signature_invalid")
            let path = String(url.prefix { $0 != "?" })
            try await installation.send("PUT", path, headers: type, bytes: bytes)
                .expectProblem(403, "signature_invalid")
            try await installation.get(url).expectProblem(403, "signature_invalid")
            let market = installation.marketplace
            let parts = path.replacing(Installation.publicURL + "/o/uploads/", with: "")
            let old = market.signer.presign(
                method: "PUT", bucket: "uploads", key: parts, expires: Date(timeIntervalSinceNow: -5))
            try await installation.send("PUT", path + "?" + old, headers: type, bytes: bytes)
                .expectProblem(403, "url_expired")
            #expect(try await installation.put(bytes, upload).status == 200)
        }
    }

    @Test("a body without an announced length is cut at the limit with 413, and the temporary file is gone")
    func streamedTooLarge() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let upload = try await installation.announce(size: 1_000_000, as: seller).json
            let url = try #require(upload["upload"]["url"].string).replacing(Installation.publicURL, with: "")
            let raw = try RawConnection(port: installation.port)
            await raw.send("PUT \(url) HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\n")
            await raw.send("Transfer-Encoding: chunked\r\n\r\n")
            let chunk = String(repeating: "x", count: 65_536)
            for _ in 0..<32 { await raw.send("10000\r\n\(chunk)\r\n") }
            let answer = await raw.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 413"))
            #expect(answer.contains("body_too_large"))
            try await expectNoTemporaryFiles(installation)
            let id = upload["id"].string ?? ""
            try await installation.post("/v1/uploads/\(id)/complete", as: seller).expectProblem(409, "upload_missing")
        }
    }

    @Test("an upload whose client vanishes leaves nothing, and can be sent again")
    func aborted() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let bytes = [UInt8](repeating: 7, count: 400_000)
            let upload = try await installation.announce(size: bytes.count, as: seller).json
            let url = try #require(upload["upload"]["url"].string).replacing(Installation.publicURL, with: "")
            let raw = try RawConnection(port: installation.port)
            await raw.send("PUT \(url) HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\n")
            await raw.send("Content-Length: \(bytes.count)\r\n\r\n")
            await raw.send(Array(bytes.prefix(200_000)))
            for _ in 0..<1_000 where try temporaryFiles(installation).isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
            raw.end()
            try await expectNoTemporaryFiles(installation)
            let id = upload["id"].string ?? ""
            try await installation.post("/v1/uploads/\(id)/complete", as: seller).expectProblem(409, "upload_missing")
            #expect(try await installation.put(bytes, upload).status == 200)
            #expect(try await installation.post("/v1/uploads/\(id)/complete", as: seller).status == 202)
        }
    }

    @Test("Expect: 100-continue is answered when the URL is good, and not when it is refused")
    func expectContinue() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let upload = try await installation.announce(size: 5, as: seller).json
            let url = try #require(upload["upload"]["url"].string).replacing(Installation.publicURL, with: "")
            let head = "HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\nExpect: 100-continue\r\n"
            let refused = try RawConnection(port: installation.port)
            await refused.send("PUT \(url)0 \(head)Content-Length: 5\r\n\r\n")
            #expect(await refused.readToEnd().hasPrefix("HTTP/1.1 403"))

            let tooLong = try RawConnection(port: installation.port)
            await tooLong.send("PUT \(url) \(head)Content-Length: 6\r\n\r\n")
            #expect(await tooLong.readToEnd().hasPrefix("HTTP/1.1 413"))

            let good = try RawConnection(port: installation.port)
            await good.send("PUT \(url) \(head)Content-Length: 5\r\n\r\n")
            #expect(try await good.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
            await good.send("hello")
            #expect(try await good.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test(
        "file names that could harm are refused, strange ones are kept",
        arguments: [
            ("../../etc/passwd", 422), ("a/b.pdf", 422), ("a\\b.pdf", 422), ("nul\u{0}.pdf", 422), ("line\nbreak", 422),
            (String(repeating: "x", count: 300), 422), ("", 422), ("..", 422), ("😀 book – ü.pdf", 201),
        ])
    func fileNames(name: String, status: Int) async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let answer = try await installation.announce(size: 3, as: seller, filename: name)
            #expect(answer.status == status, "\(answer.text)")
            if status == 422 {
                #expect(answer.json["errors"][0]["pointer"].string == "/filename")
            } else {
                #expect(answer.json["filename"].string == name)
            }
        }
    }

    @Test("another seller's upload does not exist")
    func foreign() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let other = try await installation.signUp("olga", groups: ["seller"])
            let id = try await installation.announce(size: 3, as: seller).json["id"].string ?? ""
            let foreign = try await installation.get("/v1/uploads/\(id)", as: other)
            foreign.expectProblem(404, "not_found")
            let absent = try await installation.get("/v1/uploads/\(String(id.dropLast()))0", as: other)
            #expect(absent.json["detail"] == foreign.json["detail"])
            try await installation.post("/v1/uploads/\(id)/complete", as: other).expectProblem(404, "not_found")
            try await installation.send("DELETE", "/v1/uploads/\(id)", as: other).expectProblem(404, "not_found")
            #expect(try await installation.send("DELETE", "/v1/uploads/\(id)", as: seller).status == 204)
        }
    }
}
