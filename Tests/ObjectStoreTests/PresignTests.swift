import Foundation
import ObjectStore
import Testing

@Suite("Presigned URLs")
struct PresignTests {
    /// Everything that a presigned request is made of.
    struct Request {
        var method = "PUT"
        var bucket = "uploads"
        var key = "usr_1/upl_2"
        var expires = Date(timeIntervalSince1970: 2_000_000_000)
        var constraints = PresignConstraints()
    }

    let ring: KeyRing
    let signer: URLSigner
    let now = Date(timeIntervalSince1970: 1_999_999_000)

    init() throws {
        ring = try KeyRing(keys: [.generate()])
        signer = URLSigner(keyRing: ring)
    }

    func presign(_ request: Request) -> String {
        signer.presign(
            method: request.method, bucket: request.bucket, key: request.key, expires: request.expires,
            constraints: request.constraints)
    }

    func outcome(_ request: Request, _ query: String, at time: Date? = nil) async -> Result<
        PresignConstraints, PresignError
    > {
        do throws(PresignError) {
            return .success(
                try await signer.verify(
                    method: request.method, bucket: request.bucket, key: request.key, query: query, now: time ?? now))
        } catch {
            return .failure(error)
        }
    }

    @Test("a URL verifies for what it was signed for, and says what it is held to")
    func verifies() async {
        for request in Self.requests() {
            #expect(await outcome(request, presign(request)) == .success(request.constraints))
        }
    }

    @Test("a request that differs in any signed field is refused as forged")
    func changedRequest() async {
        for request in Self.requests() {
            let query = presign(request)
            var changed = [request, request, request, request]
            changed[0].method = "GET"
            changed[1].bucket += "x"
            changed[2].key += "/"
            // The same letters, cut elsewhere.
            changed[3].bucket = String(request.bucket.dropLast())
            changed[3].key = String(request.bucket.suffix(1)) + request.key
            for other in changed {
                #expect(await outcome(other, query) == .failure(.forged))
            }
        }
    }

    @Test("a query with any parameter changed, left out, added, repeated or moved is refused")
    func changedQuery() async {
        for request in Self.requests() {
            let query = presign(request)
            let parts = query.split(separator: "&").map(String.init)
            var variants: [String] = [query + "&x=1", "x=1&" + query, query + "&", "&" + query, "", "?" + query]
            for index in parts.indices {
                var dropped = parts
                dropped.remove(at: index)
                variants.append(dropped.joined(separator: "&"))
                var repeated = parts
                repeated.insert(parts[index], at: index)
                variants.append(repeated.joined(separator: "&"))
                var altered = parts
                altered[index] += "0"
                variants.append(altered.joined(separator: "&"))
                var flipped = parts
                flipped[index] = String(flipped[index].dropLast()) + (flipped[index].hasSuffix("7") ? "8" : "7")
                variants.append(flipped.joined(separator: "&"))
                if index > 0 {
                    var moved = parts
                    moved.swapAt(index, index - 1)
                    variants.append(moved.joined(separator: "&"))
                }
            }
            for variant in ["x-max=1", "x-size=1", "x-sha256=00", "x-type=a"] {
                variants.append(query.replacingOccurrences(of: "&x-signature", with: "&\(variant)&x-signature"))
            }
            for variant in variants {
                let outcome = await outcome(request, variant)
                #expect(outcome == .failure(.forged) || outcome == .failure(.malformed), "\(variant)")
            }
        }
    }

    @Test("random damage to a query never verifies and never crashes")
    func damagedQuery() async {
        var generator = SystemRandomNumberGenerator()
        for request in Self.requests() {
            let query = Array(presign(request).utf8)
            for _ in 0..<300 {
                var damaged = query
                let index = Int.random(in: damaged.indices, using: &generator)
                damaged[index] = UInt8.random(in: 0x20...0x7E, using: &generator)
                guard damaged != query else { continue }
                let text = String(decoding: damaged, as: UTF8.self)
                // Only another spelling of the same bytes may pass, as %2f for %2F.
                if case .success(let constraints) = await outcome(request, text) {
                    #expect(constraints == request.constraints)
                    #expect(text.lowercased() == String(decoding: query, as: UTF8.self).lowercased())
                }
            }
        }
    }

    @Test("a URL ends at its expiry, and only a genuine one is called expired")
    func expiry() async {
        let request = Request()
        let query = presign(request)
        let second = TimeInterval(1)
        #expect(await outcome(request, query, at: request.expires - second) == .success(request.constraints))
        #expect(await outcome(request, query, at: request.expires) == .failure(.expired))
        #expect(await outcome(request, query, at: request.expires + second) == .failure(.expired))
        var other = request
        other.key = "other"
        #expect(await outcome(other, query, at: request.expires + second) == .failure(.forged))
    }

    @Test("URLs live through a rotation of the keys")
    func rotation() async throws {
        let request = Request()
        let old = presign(request)
        try ring.rotate(validity: .seconds(60))
        let new = presign(request)
        #expect(old != new)
        #expect(await outcome(request, old) == .success(request.constraints))
        #expect(await outcome(request, new) == .success(request.constraints))
        try ring.rotate(validity: .seconds(60), dropsOld: true)
        #expect(await outcome(request, old) == .failure(.forged))
    }

    @Test("a key's path escapes everything but unreserved characters and slashes")
    func path() {
        #expect(URLSigner.path(key: "a/b c?d&é+~") == "a/b%20c%3Fd%26%C3%A9%2B~")
    }

    /// With every mix of constraints, and keys that need escaping.
    static func requests() -> [Request] {
        (0..<16).map { bits in
            var request = Request()
            request.constraints = PresignConstraints(
                maximumBytes: bits & 1 == 0 ? nil : 1_048_576,
                exactBytes: bits & 2 == 0 ? nil : 12,
                sha256: bits & 4 == 0 ? nil : String(repeating: "ab", count: 32),
                contentType: bits & 8 == 0 ? nil : "text/plain; charset=\"utf-8\"")
            request.key = ["usr_1/upl_2", "../é&=?/ x", "a%2Fb", "🦊"][bits % 4]
            return request
        }
    }
}
