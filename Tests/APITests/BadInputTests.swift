import API
import Foundation
import TestSupport
import Testing

struct BadInputTests {
    private func signUp(_ installation: Installation, bytes: [UInt8], type: String = "application/json") async throws
        -> Answer
    {
        try await installation.send("POST", "/v1/auth/sign-up", headers: ["Content-Type": type], bytes: bytes)
    }

    @Test("bodies that are no JSON are 400, each with its reason")
    func malformed() async throws {
        try await withInstallation { installation in
            for text in ["", "{", #"{"email":}"#, "nonsense", #"{"email":"a"} {"#] {
                try await signUp(installation, bytes: Array(text.utf8)).expectProblem(400, "invalid_json")
            }
            let latin1 = Array(#"{"email":"a@b.c","password":"0123456789","name":""#.utf8) + [0xe9] + Array(#""}"#.utf8)
            try await signUp(installation, bytes: latin1).expectProblem(400, "not_utf8")
            let utf16 = "{\"email\":\"a\"}".utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
            try await signUp(installation, bytes: utf16).expectProblem(400, "not_utf8")
            let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
            try await signUp(installation, bytes: Array(#"{"email":\#(deep)}"#.utf8)).expectProblem(400, "too_deep")
            let veryDeep = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
            try await signUp(installation, bytes: veryDeep).expectProblem(400, "too_deep")
        }
    }

    @Test("a body over 1 MiB is 413, declared or not, and the connection is not read to its end")
    func tooLarge() async throws {
        try await withInstallation { installation in
            let large = Array(#"{"email":"\#(String(repeating: "x", count: 1 << 20))"}"#.utf8)
            try await signUp(installation, bytes: large).expectProblem(413, "body_too_large")

            // Undeclared: chunks without an end. The answer comes while the client still sends.
            let raw = try RawConnection(port: installation.port)
            await raw.send("POST /v1/auth/sign-up HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            await raw.send("Transfer-Encoding: chunked\r\n\r\n")
            let chunk = String(repeating: " ", count: 65_536)
            for _ in 0..<20 { await raw.send("10000\r\n\(chunk)\r\n") }
            let answer = await raw.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 413"))
            #expect(answer.contains("body_too_large"))
        }
    }

    @Test("other content types are 415")
    func contentType() async throws {
        try await withInstallation { installation in
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
                try await signUp(installation, bytes: Array("{}".utf8), type: type)
                    .expectProblem(415, "unsupported_media_type")
            }
            let withParameter = try await signUp(
                installation, bytes: Array("{}".utf8), type: "application/json; charset=utf-8")
            #expect(withParameter.status == 422)
        }
    }

    @Test("a field at fault is named by a JSON pointer")
    func pointers() async throws {
        try await withInstallation { installation in
            let missing = try await installation.post("/v1/auth/sign-up", #"{"email":"a@example.org"}"#)
            missing.expectProblem(422, "validation_failed")
            #expect(missing.json["errors"][0]["pointer"].string == "/password")
            #expect(missing.json["errors"][0]["code"].string == "required")

            let seller = try await installation.signUp("sam", groups: ["seller"])
            let wrong = try await installation.post(
                "/v1/seller/products",
                #"{"title":"T","description":"","price":{"amount":"9","currency":"USD"},"category":"ebooks","tags":[]}"#,
                as: seller)
            wrong.expectProblem(422, "validation_failed")
            #expect(wrong.json["errors"][0]["pointer"].string == "/price/amount")
            #expect(wrong.json["errors"][0]["code"].string == "wrong_type")

            let query = try await installation.get("/v1/products?limit=101")
            query.expectProblem(422, "validation_failed")
            #expect(query.json["errors"][0]["pointer"].string == "#query/limit")
            #expect(try await installation.get("/v1/products?sort=worst").status == 422)
        }
    }

    @Test("unknown paths are 404, known ones with another method 405 with Allow")
    func routing() async throws {
        try await withInstallation { installation in
            try await installation.get("/v1/nothing").expectProblem(404, "not_found")
            let wrong = try await installation.send("DELETE", "/v1/me")
            wrong.expectProblem(405, "method_not_allowed")
            #expect(wrong.header("allow") == "GET, HEAD")
            #expect(try await installation.send("PATCH", "/v1/carts/crt_1").header("allow") == "DELETE, GET, HEAD")
            // A HEAD is answered wherever GET is.
            #expect(try await installation.send("HEAD", "/v1/categories").status == 200)
        }
    }

    @Test("the request's id comes back, a new one where the client's could break a log")
    func requestID() async throws {
        try await withInstallation { installation in
            let mine = try await installation.get("/health/live", headers: ["X-Request-Id": "trace-12345.a_b"])
            #expect(mine.header("x-request-id") == "trace-12345.a_b")
            for bad in ["short", "with space inside", String(repeating: "x", count: 65), "quote\"quote"] {
                let answer = try await installation.get("/health/live", headers: ["X-Request-Id": bad])
                #expect(answer.header("x-request-id")?.hasPrefix("req_") == true)
            }
        }
    }

    @Test("every answer forbids sniffing and framing")
    func securityHeaders() async throws {
        try await withInstallation { installation in
            for path in ["/v1/products", "/v1/nothing", "/health/live", "/docs"] {
                let answer = try await installation.get(path)
                #expect(answer.header("x-content-type-options") == "nosniff")
                #expect(answer.header("content-security-policy")?.contains("frame-ancestors 'none'") == true)
                #expect(answer.header("referrer-policy") == "no-referrer")
            }
        }
    }

    @Test("readiness says which part is missing")
    func health() async throws {
        try await withInstallation { installation in
            let ready = try await installation.get("/health/ready")
            #expect(ready.status == 200)
            #expect(ready.json["checks"]["redis"].string == "ok")
            #expect(ready.json["checks"]["store"].string == "ok")
            installation.redis.pause()
            let paused = try await installation.get("/health/ready")
            installation.redis.resume()
            #expect(paused.status == 503)
            #expect(paused.json["checks"]["redis"].string == "failed")
            #expect(try await installation.get("/health/live").status == 200)
        }
    }
}
