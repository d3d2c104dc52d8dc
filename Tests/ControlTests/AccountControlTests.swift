import Foundation
import Marketplace
import ObjectStore
import TestSupport
import Testing

@Suite("sunsetctl: accounts and keys")
struct AccountControlTests {
    @Test("ls and show find accounts by page, group, status, address and id")
    func looking() async throws {
        try await ControlHarness.run { harness in
            let market = try await harness.market()
            for name in ["ann", "ben", "cem"] {
                _ = try await harness.account("\(name)@x.org", in: market, groups: name == "ben" ? [.seller] : [.buyer])
            }
            try await market.accounts.signUp(email: "new@x.org", password: "correct horse", name: "New")
            let first = try await harness.ctl("user", "ls", "--limit", "2", "--json").object()
            let users = try #require(first["users"] as? [[String: Any]])
            #expect(users.map { $0["email"] as? String } == ["new@x.org", "cem@x.org"])
            #expect(users[0]["status"] as? String == "unconfirmed" && users[1]["status"] as? String == "active")
            #expect(users[0]["password"] == nil)
            let cursor = try #require(first["next_cursor"] as? String)
            let second = try await harness.ctl("user", "ls", "--limit", "2", "--cursor", cursor)
            #expect(second.output.contains("ben@x.org") && second.output.contains("ann@x.org"))
            #expect(!second.output.contains("more:"))
            let sellers = try await harness.ctl("user", "ls", "--group", "seller", "--status", "active", "--json")
            #expect((try sellers.object()["users"] as? [[String: Any]])?.map { $0["slug"] as? String } == ["somebody"])

            let ben = try await harness.ctl("user", "show", "BEN@x.org", "--json").object()
            #expect(ben["groups"] as? [String] == ["buyer", "seller"])
            let id = try #require(ben["id"] as? String)
            #expect(try await harness.ctl("user", "show", id).output.contains("e-mail     ben@x.org\n"))
            let nobody = try await harness.ctl("user", "show", "nobody@x.org")
            #expect(nobody.status == 1)
            #expect(nobody.errors.contains("there is no account 'nobody@x.org'"))
            let group = try await harness.ctl("user", "ls", "--group", "operator")
            #expect(group.status == 64)
            #expect(group.errors.contains("admin"))
            #expect(try await harness.ctl("user", "ls", "--limit", "0").status == 64)
            let wrong = try await harness.ctl("user", "ls", "--cursor", "x")
            #expect(wrong.status == 64 && wrong.errors.contains("cursor"))
        }
    }

    @Test("promote, demote, suspend and resume ask where they must, and hold at once")
    func steering() async throws {
        try await ControlHarness.run { harness in
            let market = try await harness.market()
            let user = try await harness.account("ann@x.org", in: market)
            let token = try await market.accounts.signIn(email: user.email, password: "correct horse").token
            let promoted = try await harness.ctl("user", "promote", "ann@x.org", "seller")
            #expect(promoted.output == "ann@x.org is in the group seller\n")
            #expect(try await market.accounts.user(id: user.id).groups == [.buyer, .seller])
            let unasked = try await harness.ctl("user", "promote", "ann@x.org", "admin")
            #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
            #expect(try await harness.ctl("user", "promote", user.id, "admin", "--yes").status == 0)
            #expect(try await harness.ctl("user", "demote", user.id, "admin").status == 64)
            #expect(try await harness.ctl("user", "demote", user.id, "admin", "--yes").status == 0)
            #expect(try await market.accounts.user(id: user.id).groups == [.buyer, .seller])

            #expect(try await harness.ctl("user", "suspend", "ann@x.org").status == 64)
            let suspended = try await harness.ctl("user", "suspend", "ann@x.org", "--reason", "spam", "--yes")
            #expect(suspended.output == "ann@x.org is suspended, 1 sessions ended\n")
            await #expect(throws: MarketplaceError.self) { try await market.accounts.authenticate(token: token) }
            let shown = try await harness.ctl("user", "show", "ann@x.org", "--json").object()
            #expect(shown["status"] as? String == "suspended")
            #expect(shown["suspension_reason"] as? String == "spam" && shown["suspended_at"] as? Int != nil)
            #expect(try await harness.ctl("user", "suspend", "ann@x.org", "--yes").output.contains("already"))
            #expect(try await harness.ctl("user", "resume", "ann@x.org").output == "ann@x.org is active\n")
            _ = try await market.accounts.signIn(email: user.email, password: "correct horse")
            #expect(try await harness.ctl("user", "resume", "nobody@x.org").status == 1)
        }
    }

    @Test("keys are listed without their secrets, and rotated; what the old one signed stays valid")
    func keys() async throws {
        try await ControlHarness.run { harness in
            let none = try await harness.ctl("keys", "ls")
            #expect(none.status == 1)
            #expect(none.errors.contains("keys.file"))
            let file = harness.folder.file("keys/signing.json")
            let ring = try await harness.market().keyRing
            let old = ring.signature(for: "m".utf8, purpose: "download")
            let before = try await harness.ctl("keys", "ls", "--json")
            let keys = try #require(try before.object()["keys"] as? [[String: Any]])
            #expect(keys.map { $0["kid"] as? String } == [old.kid])
            #expect(keys[0]["state"] as? String == "current" && keys[0]["created_at"] as? Int != nil)
            let secret = Data(try KeyRing(file: file).keys[0].secret).base64EncodedString()
            #expect(!before.output.contains(secret) && !before.output.contains("secret"))

            let rotated = try await harness.ctl("keys", "rotate", "--json").object()
            let after = try #require(rotated["keys"] as? [[String: Any]])
            #expect(after.map { $0["state"] as? String } == ["retired", "current"])
            // The default settings sign links for up to seven days.
            let until = try #require(after[0]["verifies_until"] as? Int)
            #expect(until - (after[0]["retired_at"] as? Int ?? 0) == 604_802_000)
            let new = try #require(after[1]["kid"] as? String)
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            try await eventually { ring.signature(for: "m".utf8, purpose: "download").kid == new }
            #expect(await ring.verify(old, for: "m".utf8, purpose: "download"))

            #expect(try await harness.ctl("keys", "rotate", "--drop-old").status == 64)
            #expect(try await harness.ctl("keys", "rotate", "--drop-old", "--yes").output.contains("signs from now on"))
            #expect(try KeyRing(file: file).kids.count == 1)
            try await eventually { await !ring.verify(old, for: "m".utf8, purpose: "download") }
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            let open = try await harness.ctl("keys", "ls")
            #expect(open.status == 69 && open.errors.contains("chmod 600"))
        }
    }
}
