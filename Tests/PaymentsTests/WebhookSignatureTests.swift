import Foundation
import Payments
import Testing

@Suite struct WebhookSignatureTests {
    private static let payload = Array(#"{"id":"evt_1"}"#.utf8)
    private static let now = Date(timeIntervalSince1970: 1_700_000_000)
    private static let scheme = WebhookSignature(secrets: ["new", "old"])

    private func failure(_ header: String, payload: [UInt8] = payload, now: Date = now) -> WebhookSignature.Failure? {
        do throws(WebhookSignature.Failure) {
            try Self.scheme.verify(payload: payload, header: header, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("the signature is the documented HMAC")
    func knownAnswer() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac new
        let header = WebhookSignature(secrets: ["new"]).header(for: Self.payload, at: Self.now)
        #expect(header == "t=1700000000,v1=cf693a4b560b05592ce075bbc072d5b59db3a490a3d56fe963680673d41ce564")
    }

    @Test("a signature by either secret verifies", arguments: [["new"], ["old"], ["new", "old"], ["other", "old"]])
    func rotation(secrets: [String]) {
        let header = WebhookSignature(secrets: secrets).header(for: Self.payload, at: Self.now)
        #expect(failure(header) == nil)
    }

    @Test("a signature by an unknown secret, or none, does not")
    func unknownSecret() {
        #expect(failure(WebhookSignature(secrets: ["other"]).header(for: Self.payload, at: Self.now)) == .mismatch)
        #expect(failure(WebhookSignature(secrets: []).header(for: Self.payload, at: Self.now)) == .malformed)
        #expect(throws: WebhookSignature.Failure.mismatch) {
            let header = Self.scheme.header(for: Self.payload, at: Self.now)
            try WebhookSignature(secrets: []).verify(payload: Self.payload, header: header, now: Self.now)
        }
    }

    @Test("no single changed bit of the body verifies")
    func tamperedBody() {
        let header = Self.scheme.header(for: Self.payload, at: Self.now)
        for index in Self.payload.indices {
            for bit in 0..<8 {
                var tampered = Self.payload
                tampered[index] ^= 1 << bit
                #expect(failure(header, payload: tampered) == .mismatch)
            }
        }
    }

    @Test("the time is under the signature")
    func tamperedTime() {
        let header = Self.scheme.header(for: Self.payload, at: Self.now.addingTimeInterval(-1_000))
        let forged = header.replacing("t=1699999000", with: "t=1700000000")
        #expect(forged != header)
        #expect(failure(forged) == .mismatch)
    }

    @Test(
        "the tolerance is 300 seconds, both ways",
        arguments: [
            (-300, true), (-301, false), (300, true), (301, false), (0, true), (-86_400, false),
        ])
    func tolerance(offset: Int, accepted: Bool) {
        let header = Self.scheme.header(for: Self.payload, at: Self.now.addingTimeInterval(TimeInterval(offset)))
        #expect(failure(header) == (accepted ? nil : .outsideTolerance))
    }

    @Test(
        "what is not a signature is malformed",
        arguments: [
            "", "t=1700000000", "v1=00", "t=,v1=", "t=x,v1=\(String(repeating: "0", count: 64))", "t=1,t=2,v1=00",
            "t=1700000000,v1=zz", "t=1700000000,v1=\(String(repeating: "é", count: 32))", ",,,", "=", "t",
            "t=1700000000" + String(repeating: ",v1=" + String(repeating: "0", count: 64), count: 9),
            "t=1700000000,v0=" + String(repeating: "0", count: 64),
        ])
    func malformed(header: String) {
        #expect(failure(header) == .malformed)
    }

    @Test("no random header verifies or crashes")
    func fuzz() {
        let pieces = ["t=", "v1=", ",", "=", "1700000000", "00", "ff", "é", "\0", " ", "-", "99999999999999999999"]
        for _ in 0..<5_000 {
            let header = (0..<Int.random(in: 0..<12)).compactMap { _ in pieces.randomElement() }.joined()
            #expect(failure(header) != nil)
        }
    }
}
