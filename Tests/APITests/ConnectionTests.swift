import Foundation
import Testing
import TestSupport

/// What goes over the wire, seen without a client that forgives.
struct ConnectionTests {
    @Test("204 and 304 have neither a body nor a length, and the connection goes on")
    func emptyAnswers() async throws {
        try await withInstallation { installation in
            let tag = try #require(try await installation.get("/openapi.yaml").header("etag"))
            let raw = try RawConnection(port: installation.port)
            await raw.send("POST /v1/auth/sign-out HTTP/1.1\r\nHost: x\r\n\r\n")
            let signedOut = try await raw.read(until: "\r\n\r\n").lowercased()
            #expect(signedOut.hasPrefix("http/1.1 204"))
            #expect(!signedOut.contains("content-length") && !signedOut.contains("transfer-encoding"))
            await raw.send("GET /openapi.yaml HTTP/1.1\r\nHost: x\r\nIf-None-Match: \(tag)\r\n\r\n")
            let notModified = try await raw.read(until: "\r\n\r\n").lowercased()
            #expect(notModified.hasPrefix("http/1.1 304"))
            #expect(!notModified.contains("content-length") && !notModified.contains("transfer-encoding"))
            await raw.send("HEAD /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await raw.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 404"))
            await raw.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await raw.read(until: "{\"status\":\"ok\"}").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("pipelined requests are answered in order")
    func pipelining() async throws {
        try await withInstallation { installation in
            let raw = try RawConnection(port: installation.port)
            await raw.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            let both = try await raw.read(until: "not_found")
            #expect(both.hasPrefix("HTTP/1.1 200"))
            #expect(both.contains("HTTP/1.1 404"))
        }
    }

    @Test("what is no HTTP is a 400 and the end of the connection")
    func noHTTP() async throws {
        try await withInstallation { installation in
            for text in ["\u{16}\u{3}\u{1}", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
                let raw = try RawConnection(port: installation.port)
                await raw.send(text + "\r\n\r\n")
                let answer = await raw.readToEnd()
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"))
            }
            #expect(try await installation.get("/health/live").status == 200)
        }
    }
}
