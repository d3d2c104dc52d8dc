import API
import Foundation
import Testing
import TestSupport

struct StorefrontTests {
    private func withSite(_ body: @Sendable (Installation) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let files = [
            "index.html": "<!doctype html><title>Sunset</title>", "favicon.svg": "<svg/>",
            "assets/app-AB12.js": "script()", "assets/app-AB12.js.gz": "gz", "assets/app-AB12.js.br": "br",
            ".secret": "no",
        ]
        for (name, content) in files {
            let url = URL(fileURLWithPath: directory.file(name))
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content.utf8).write(to: url)
        }
        try await withInstallation(configure: { $0.storefrontDirectory = directory.path }, body)
    }

    @Test("deep links get the page, and programs that ask wrongly a problem document")
    func deepLinks() async throws {
        try await withSite { installation in
            let html = ["Accept": "text/html,application/xhtml+xml,*/*;q=0.8"]
            for path in ["/", "/browse", "/product/a-book", "/orders/ord_1", "/sell/products/x?tab=files"] {
                let answer = try await installation.get(path, headers: html)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.text.contains("<title>Sunset"))
                #expect(answer.header("cache-control") == "no-cache")
                let policy = try #require(answer.header("content-security-policy"))
                #expect(policy.contains("default-src 'self'") && !policy.contains("unsafe"))
                let tag = try #require(answer.header("etag"))
                let again = try await installation.get(
                    path, headers: ["If-None-Match": tag, "Accept": "text/html"])
                #expect(again.status == 304)
                #expect(again.header("content-security-policy") == policy)
            }
            for path in ["/v1/nothing", "/d", "/o/x", "/media/x", "/assets/app-OLD.js", "/metrics"] {
                let answer = try await installation.get(path, headers: html)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.header("content-type") == "application/problem+json")
            }
            #expect(try await installation.get("/browse").status == 404)
            #expect(try await installation.send("POST", "/browse", headers: html).status == 404)
            #expect(try await installation.get("/.secret").status == 404)
            #expect(try await installation.get("/../../etc/passwd").status == 404)
        }
    }

    @Test("hashed files are immutable and sent in the smallest form that the client takes")
    func assets() async throws {
        try await withSite { installation in
            let path = "/assets/app-AB12.js"
            for (accepted, coding, body) in [
                ("gzip, deflate, br", "br", "br"), ("gzip", "gzip", "gz"), ("br;q=0, gzip;q=0.5", "gzip", "gz"),
                ("identity", nil, "script()"), ("*", "br", "br"),
            ] as [(String, String?, String)] {
                let answer = try await installation.get(path, headers: ["Accept-Encoding": accepted])
                #expect(answer.header("content-encoding") == coding)
                #expect(answer.text == body)
                #expect(answer.header("vary") == "Accept-Encoding")
                #expect(answer.header("cache-control") == "public, max-age=31536000, immutable")
                #expect(answer.header("content-type") == "text/javascript; charset=utf-8")
            }
            let plain = try await installation.get(path)
            let packed = try await installation.get(path, headers: ["Accept-Encoding": "br"])
            #expect(plain.header("etag") != packed.header("etag"))
            let head = try await installation.send("HEAD", path)
            #expect(head.status == 200)
            #expect(head.header("content-length") == "8")
            #expect(try await installation.get("/favicon.svg").header("content-type") == "image/svg+xml")
        }
    }

    @Test("a folder without a page stops the start")
    func noPage() async throws {
        let directory = try TemporaryDirectory()
        await #expect(throws: (any Error).self) {
            try await withInstallation(configure: { $0.storefrontDirectory = directory.path }) { _ in }
        }
    }
}
