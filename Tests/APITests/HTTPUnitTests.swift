import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry
import Testing

@testable import API

struct HTTPUnitTests {
    @Test(
        "attachment names are safe in ASCII and whole in UTF-8",
        arguments: [
            ("policy.pdf", "attachment; filename=\"policy.pdf\""),
            ("a\"b\\c.pdf", "attachment; filename=\"a_b_c.pdf\"; filename*=UTF-8''a%22b%5Cc.pdf"),
            ("über.pdf", "attachment; filename=\"_ber.pdf\"; filename*=UTF-8''%C3%BCber.pdf"),
            ("100%.pdf", "attachment; filename=\"100_.pdf\"; filename*=UTF-8''100%25.pdf"),
            (
                "a\r\nSet-Cookie: x",
                "attachment; filename=\"a__Set-Cookie: x\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x"
            ),
        ])
    func contentDisposition(name: String, expected: String) {
        #expect(ContentDisposition.attachment(filename: name) == expected)
    }

    @Test("If-None-Match compares weakly, If-Match strongly, a comma in a tag splits nothing")
    func entityTags() {
        #expect(!EntityTag.noneMatchHolds([.ifNoneMatch: "\"a,b\", W/\"x\""], tag: "a,b"))
        #expect(!EntityTag.noneMatchHolds([.ifNoneMatch: "W/\"x\""], tag: "x"))
        #expect(EntityTag.noneMatchHolds([.ifNoneMatch: "\"a\""], tag: "x"))
        #expect(EntityTag.noneMatchHolds([:], tag: "x"))
        #expect(!EntityTag.matchHolds([.ifMatch: "W/\"x\""], tag: "x"))
        #expect(EntityTag.matchHolds([.ifMatch: "\"y\", \"x\""], tag: "x"))
        #expect(EntityTag.matchHolds([.ifMatch: "*"], tag: "x"))
    }

    @Test("brackets in strings do not nest, escapes do not end a string")
    func jsonDepth() throws {
        try JSONGuard.check(Array(#"{"a":"[[[[[[\"[[[["}"#.utf8), maximumDepth: 1)
        #expect(throws: JSONGuard.Failure.tooDeep) {
            try JSONGuard.check(Array("[[]]".utf8), maximumDepth: 1)
        }
        #expect(throws: JSONGuard.Failure.notUTF8) {
            try JSONGuard.check([0x22, 0xff, 0x22], maximumDepth: 1)
        }
    }

    @Test("the guard never traps, whatever bytes come")
    func jsonFuzz() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"{}[]",:\0123abcé"#.utf8) + [0x00, 0x80, 0xff, 0xed, 0xa0]
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            do {
                try JSONGuard.check(bytes, maximumDepth: 4)
                #expect(String(validating: bytes, as: UTF8.self) != nil)
            } catch {
                // A refusal is an answer too.
            }
        }
    }

    @Test("Prefer: wait is read among others and capped")
    func preference() {
        #expect(Preference.wait([:]) == 10)
        #expect(Preference.wait([.prefer: "respond-async, wait=3"]) == 3)
        #expect(Preference.wait([.prefer: "wait=600"]) == 30)
        #expect(Preference.wait([.prefer: "wait=-1"]) == 10)
        #expect(Preference.wait([.prefer: "wait=x"]) == 10)
    }

    @Test("metrics count by route and keep invented methods out")
    func metrics() async {
        let metrics = RequestMetrics()
        metrics.record(method: "GET", route: "/v1/products", status: 200, elapsed: .milliseconds(3))
        metrics.record(method: "GET", route: "/v1/products", status: 200, elapsed: .milliseconds(300))
        metrics.record(method: "EVIL\"", route: "NotFound", status: 405, elapsed: .zero)
        let text = await metrics.registry.exposition()
        let series = #"method="GET",route="/v1/products""#
        #expect(text.contains("sunset_http_request_duration_seconds_bucket{\(series),le=\"0.005\"} 1\n"))
        #expect(text.contains("sunset_http_request_duration_seconds_count{\(series)} 2\n"))
        #expect(text.contains("sunset_http_requests_total{\(series),status=\"2xx\"} 2\n"))
        #expect(text.contains("method=\"OTHER\""))
        #expect(!text.contains("EVIL"))
    }
}
