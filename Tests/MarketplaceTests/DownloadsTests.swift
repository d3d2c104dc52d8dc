import Foundation
@testable import Marketplace
import ObjectStore
import RedisClient
import TestSupport
import Testing

@Suite("Downloads")
struct DownloadsTests {
    /// A buyer with one entitlement.
    private struct Purchase {
        let shop: Shop
        let user: String
        let seller: String
        let entitlement: Entitlement

        var downloads: Downloads { shop.market.downloads }

        func grant(_ file: Int = 0, expiresIn: Duration? = nil) async throws -> IssuedGrant {
            try await downloads.grant(
                entitlement: entitlement.id, file: entitlement.files[file].id, user: user, expiresIn: expiresIn)
        }

        var used: Int {
            get async throws { try await downloads.entitlement(entitlement.id, user: user).downloads.used }
        }
    }

    private func withPurchase(
        files: Int = 1, limit: Int? = nil, _ body: (Purchase) async throws -> Void
    ) async throws {
        try await withShop { shop in
            let seller = try await shop.addUser()
            let user = try await shop.addUser()
            let product = try await shop.addProduct(seller: seller, price: 5, files: files, downloadLimit: limit)
            let order = try await shop.purchase([product], user: user)
            let entitlement = try #require(try await shop.market.downloads.entitlements(of: order).first)
            try await body(Purchase(shop: shop, user: user, seller: seller, entitlement: entitlement))
        }
    }

    @Test("A grant is counted once, at its first transfer; looking and resuming cost nothing")
    func countsOnce() async throws {
        try await withPurchase { purchase in
            let grant = try await purchase.grant()
            #expect(try await purchase.used == 0)
            #expect(grant.remaining == 5)
            for _ in 0..<3 { _ = try await purchase.downloads.check(token: grant.token) }
            #expect(try await purchase.used == 0)
            let ticket = try await purchase.downloads.spend(token: grant.token)
            #expect(ticket.remaining == 4)
            #expect(try await purchase.used == 1)
            for _ in 0..<3 { _ = try await purchase.downloads.spend(token: grant.token) }
            _ = try await purchase.downloads.check(token: grant.token)
            #expect(try await purchase.used == 1)
        }
    }

    @Test("Another grant for the file is free for a day after a counted download, then it counts")
    func reissue() async throws {
        try await withPurchase(limit: 2) { purchase in
            _ = try await purchase.downloads.spend(token: try await purchase.grant().token)
            purchase.shop.time.pass(.seconds(23 * 3600))
            _ = try await purchase.downloads.spend(token: try await purchase.grant().token)
            #expect(try await purchase.used == 1)
            // The free one does not prolong the day.
            purchase.shop.time.pass(.seconds(2 * 3600))
            _ = try await purchase.downloads.spend(token: try await purchase.grant().token)
            #expect(try await purchase.used == 2)
            // Used up, but what was just downloaded stays free for its day.
            _ = try await purchase.downloads.spend(token: try await purchase.grant().token)
            #expect(try await purchase.used == 2)
            purchase.shop.time.pass(.seconds(25 * 3600))
            #expect(await refusal { _ = try await purchase.grant() } == "download_limit_reached")
        }
    }

    @Test("A product's own limit holds for the whole purchase, and a grant from before is refused when it is reached")
    func limit() async throws {
        try await withPurchase(files: 2, limit: 1) { purchase in
            let first = try await purchase.grant(0)
            let second = try await purchase.grant(1)
            _ = try await purchase.downloads.spend(token: first.token)
            #expect(
                await refusal { _ = try await purchase.downloads.spend(token: second.token) }
                    == "download_limit_reached")
            #expect(
                await refusal { _ = try await purchase.downloads.check(token: second.token) }
                    == "download_limit_reached")
            #expect(await refusal { _ = try await purchase.grant(1) } == "download_limit_reached")
            _ = try await purchase.downloads.spend(token: first.token)
        }
    }

    @Test("Requests at once can't exceed the limit, and a grant used many times at once counts once")
    func concurrency() async throws {
        try await withPurchase(files: 10, limit: 3) { purchase in
            var tokens: [String] = []
            for file in 0..<10 { tokens.append(try await purchase.grant(file).token) }
            let codes = await withTaskGroup(of: String?.self) { group in
                for token in tokens {
                    group.addTask { await refusal { _ = try await purchase.downloads.spend(token: token) } }
                }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 3)
            #expect(codes.count { $0 == "download_limit_reached" } == 7)
            #expect(try await purchase.used == 3)
        }
        try await withPurchase { purchase in
            let token = try await purchase.grant().token
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try? await purchase.downloads.spend(token: token) } }
            }
            #expect(try await purchase.used == 1)
        }
    }

    @Test("A revocation stops every token and every running transfer; only the seller or an admin may")
    func revocation() async throws {
        try await withPurchase { purchase in
            let grant = try await purchase.grant()
            let ticket = try await purchase.downloads.spend(token: grant.token)
            #expect(try await purchase.downloads.isStillActive(ticket))
            for somebody in [purchase.user, try await purchase.shop.addUser()] {
                #expect(
                    await refusal {
                        _ = try await purchase.downloads.revoke(
                            purchase.entitlement.id, by: somebody, isAdmin: false, reason: "no")
                    } == "not_found")
            }
            let revoked = try await purchase.downloads.revoke(
                purchase.entitlement.id, by: purchase.seller, isAdmin: false, reason: "Chargeback")
            #expect(revoked.status == .revoked)
            #expect(revoked.epoch == 2)
            #expect(revoked.revocationReason == "Chargeback")
            let again = try await purchase.downloads.revoke(
                purchase.entitlement.id, by: "usr_admin", isAdmin: true, reason: "Other")
            #expect(again.epoch == 2)
            #expect(again.revocationReason == "Chargeback")
            #expect(try await !purchase.downloads.isStillActive(ticket))
            #expect(
                await refusal { _ = try await purchase.downloads.spend(token: grant.token) } == "entitlement_revoked")
            #expect(
                await refusal { _ = try await purchase.downloads.check(token: grant.token) } == "entitlement_revoked")
            #expect(await refusal { _ = try await purchase.grant() } == "entitlement_revoked")
        }
    }

    @Test("A link ends when it says so, and then says so")
    func expiry() async throws {
        try await withPurchase { purchase in
            let short = try await purchase.grant(expiresIn: .seconds(5))
            let usual = try await purchase.grant()
            let long = try await purchase.grant(expiresIn: .seconds(86_400 * 365))
            _ = try await purchase.downloads.check(token: short.token)
            purchase.shop.time.pass(.seconds(6))
            #expect(await refusal { _ = try await purchase.downloads.spend(token: short.token) } == "token_expired")
            _ = try await purchase.downloads.check(token: usual.token)
            purchase.shop.time.pass(.seconds(3600))
            #expect(await refusal { _ = try await purchase.downloads.check(token: usual.token) } == "token_expired")
            _ = try await purchase.downloads.check(token: long.token)
            purchase.shop.time.pass(.seconds(7 * 86_400))
            #expect(await refusal { _ = try await purchase.downloads.check(token: long.token) } == "token_expired")
            #expect(try await purchase.used == 0)
        }
    }

    @Test("Another user's entitlement, another product's file and nonsense are not there")
    func others() async throws {
        try await withPurchase { purchase in
            let other = try await purchase.shop.addUser()
            let downloads = purchase.downloads
            let id = purchase.entitlement.id
            let file = purchase.entitlement.files[0].id
            #expect(await refusal { _ = try await downloads.entitlement(id, user: other) } == "not_found")
            #expect(
                await refusal { _ = try await downloads.grant(entitlement: id, file: file, user: other) } == "not_found"
            )
            for wrong in [purchase.shop.market.newID(.upload), "", "../x"] {
                #expect(
                    await refusal {
                        _ = try await downloads.grant(entitlement: id, file: wrong, user: purchase.user)
                    } == "not_found")
            }
            #expect(await refusal { _ = try await downloads.entitlement("ent_x", user: other) } == "not_found")
        }
    }

    @Test("No changed token is taken for a genuine one, and none is looked up")
    func forgery() async throws {
        try await withPurchase { purchase in
            let token = try await purchase.grant().token
            let genuine = Array(token.utf8)
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=%\0".utf8)
            // Without Redis no genuine token gets an answer, so whatever is refused as forged was not looked up.
            purchase.shop.server.pause()
            defer { purchase.shop.server.resume() }
            var generator = SystemRandomNumberGenerator()
            for index in genuine.indices {
                var changed = genuine
                repeat {
                    changed[index] = alphabet.randomElement(using: &generator) ?? 0
                } while changed[index] == genuine[index]
                let text = String(decoding: changed, as: UTF8.self)
                #expect(
                    await refusal { _ = try await purchase.downloads.check(token: text) } == "token_forged", "\(index)")
            }
            for length in 0..<genuine.count {
                let text = String(decoding: genuine.prefix(length), as: UTF8.self)
                #expect(await refusal { _ = try await purchase.downloads.check(token: text) } == "token_forged")
            }
            for extra in [token + ".", token + "A", token + "=", "." + token, token + "." + token] {
                #expect(await refusal { _ = try await purchase.downloads.check(token: extra) } == "token_forged")
            }
            for _ in 0..<200 {
                let text = (0..<Int.random(in: 0...300)).map { _ in Character(Unicode.Scalar(UInt8.random(in: 0...255)))
                }
                #expect(
                    await refusal { _ = try await purchase.downloads.check(token: String(text)) } == "token_forged")
            }
        }
    }

    @Test("A token of another ring, or signed for another purpose, is forged")
    func otherRing() async throws {
        try await withPurchase { purchase in
            let ticket = try await purchase.downloads.check(token: try await purchase.grant().token)
            let token = DownloadToken(
                grant: ticket.grantID, entitlement: ticket.entitlementID, file: ticket.file.id, epoch: 1,
                expiresAt: ticket.expiresAt)
            let foreign = try #require(token.signed(by: try KeyRing(keys: [.generate()])))
            #expect(await refusal { _ = try await purchase.downloads.check(token: foreign) } == "token_forged")
            let own = try #require(token.signed(by: purchase.shop.market.keyRing))
            _ = try await purchase.downloads.check(token: own)
            let payload = String(own.split(separator: ".")[2])
            let signature = purchase.shop.market.keyRing.signature(for: Array("v1.\(payload)".utf8), purpose: "url")
            let other = "v1.\(signature.kid).\(payload).\(Data(signature.code).base64URL)"
            #expect(await refusal { _ = try await purchase.downloads.check(token: other) } == "token_forged")
        }
    }

    @Test("Identifiers are 16 bytes and back")
    func compactIdentifiers() throws {
        for _ in 0..<500 {
            let id = Identifier.make(.grant, milliseconds: .random(in: 0..<(1 << 48)), random: .system)
            let bytes = try #require(CompactIdentifier.bytes(id, .grant))
            #expect(bytes.count == 16)
            #expect(CompactIdentifier.text(bytes, .grant) == id)
        }
        #expect(CompactIdentifier.bytes("grt_" + String(repeating: "z", count: 26), .grant) == nil)
        #expect(CompactIdentifier.bytes("ent_" + String(repeating: "0", count: 26), .grant) == nil)
    }

    @Test(
        "Only the network's part of an address is kept",
        arguments: [
            ("203.0.113.77", "203.0.113.0/24"), ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"), ("fe80::1%eth0", "fe80:0:0::/48"), ("::1", "0:0:0::/48"),
            ("unix", ""), ("", ""), ("1.2.3", ""), ("1.2.3.4.5", ""),
        ])
    func addressPrefix(_ address: String, _ expected: String) {
        #expect(Downloads.prefix(ofAddress: address) == expected)
    }

    @Test("A transfer that ended is in the log")
    func log() async throws {
        try await withPurchase { purchase in
            let ticket = try await purchase.downloads.spend(token: try await purchase.grant().token)
            try await purchase.downloads.log(
                ticket, bytesSent: 17, completed: false, address: "203.0.113.77", userAgent: "curl/8")
            let entries = try await purchase.shop.send("XRANGE", purchase.shop.key("downloads"), "-", "+")
            let fields = ScriptReply.record(entries[0][1])
            #expect(fields["grant"] == ticket.grantID)
            #expect(fields["bytes"] == "17")
            #expect(fields["completed"] == "0")
            #expect(fields["address"] == "203.0.113.0/24")
        }
    }
}
