import Marketplace
import RedisClient
import TestSupport
import Testing

@Suite("Accounts as operators see them")
struct AccountAdministrationTests {
    private static let password = "correct horse"

    @Test("a suspended account has no session, can't open one, and is told so; resumed, it signs in anew")
    func suspension() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            let user = try await bench.account("ann@example.org")
            let session = try await accounts.signIn(email: user.email, password: Self.password)
            #expect(try await accounts.account(user.email).sessions == 1)
            let (account, changed, ended) = try await accounts.suspend(user.id, reason: "card fraud")
            #expect(changed && ended == 1)
            #expect(account.status == .suspended && account.sessions == 0 && account.suspendedAt != nil)
            #expect(account.suspensionReason == "card fraud")
            for body in [
                { _ = try await accounts.authenticate(token: session.token) },
                { _ = try await accounts.signIn(email: user.email, password: Self.password) },
            ] {
                let refusal = try await refusalOf(body)
                #expect(refusal?.code == "account_suspended" && refusal?.category == .forbidden)
                #expect(refusal?.detail.contains("fraud") == false)
            }
            // Only who knows the password learns of it.
            let wrong = try await refusalOf { _ = try await accounts.signIn(email: user.email, password: "not it") }
            #expect(wrong?.code == "invalid_credentials")
            #expect(try await !accounts.suspend(user.id, reason: "again").changed)
            #expect(try await accounts.account(user.id).suspensionReason == "card fraud")

            #expect(try await accounts.resume(user.id).changed)
            let old = try await refusalOf { _ = try await accounts.authenticate(token: session.token) }
            #expect(old?.code == "session_invalid")
            let again = try await accounts.signIn(email: user.email, password: Self.password)
            #expect(try await accounts.authenticate(token: again.token).user.id == user.id)
            #expect(try await !accounts.resume(user.id).changed)
            #expect(try await accounts.account(user.id).suspendedAt == nil)
        }
    }

    @Test("of a suspension and many requests at once, none that begins after it is let in")
    func suspensionRace() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            let user = try await bench.account("ann@example.org")
            let token = try await accounts.signIn(email: user.email, password: Self.password).token
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        // Until it is refused: a session that came back to life would go on for ever.
                        while try await refusalOf({ _ = try await accounts.authenticate(token: token) }) == nil {}
                    }
                }
                _ = try await accounts.suspend(user.id, reason: "")
                #expect(try await refusalOf { _ = try await accounts.authenticate(token: token) } != nil)
                try await group.waitForAll()
            }
        }
    }

    @Test("what a suspended seller has for sale can't be bought, and can be again afterwards")
    func seller() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("shop@example.org", groups: [.seller])
            let product = try await bench.product(seller: seller, title: "A book")
            let carts = bench.market.carts
            let cart = try await carts.create(owner: nil)
            #expect(try await carts.put(product: product.id, in: cart.id, viewer: nil).items[0].available)
            _ = try await bench.market.accounts.suspend(seller.id, reason: "")
            #expect(try await !carts.cart(cart.id, viewer: nil).items[0].available)
            let other = try await carts.create(owner: nil)
            let refusal = try await refusalOf {
                _ = try await carts.put(product: product.id, in: other.id, viewer: nil)
            }
            #expect(refusal?.code == "product_unavailable")
            _ = try await bench.market.accounts.resume(seller.id)
            #expect(try await carts.cart(cart.id, viewer: nil).items[0].available)
        }
    }

    @Test("a buyer becomes a seller with a name in URLs, and the session has the group at once; and back")
    func groups() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            let user = try await bench.account("ann@example.org", name: "Ann's Books")
            let token = try await accounts.signIn(email: user.email, password: Self.password).token
            let (account, changed) = try await accounts.add(user.id, to: .seller)
            #expect(changed && account.user.groups == [.buyer, .seller] && account.user.slug == "anns-books")
            #expect(try await accounts.authenticate(token: token).user.groups == [.buyer, .seller])
            #expect(try await !accounts.add(user.id, to: .seller).changed)
            let (left, removed) = try await accounts.remove(user.id, from: .seller)
            #expect(removed && left.user.groups == [.buyer] && left.user.slug == "anns-books")
            let second = try await bench.account("ann2@example.org", name: "Ann's Books")
            #expect(try await accounts.add(second.id, to: .seller).account.user.slug == "anns-books-2")

            try await accounts.signUp(email: "new@example.org", password: Self.password, name: "New")
            let early = try await accounts.account("new@example.org")
            #expect(early.status == .unconfirmed)
            let refusal = try await refusalOf { _ = try await accounts.add(early.user.id, to: .admin) }
            #expect(refusal?.code == "not_confirmed")
            #expect(try await accounts.account("new@example.org").user.groups == [.buyer])
        }
    }

    @Test("accounts are paged newest first, filtered by group and status, and a filter looks at no more than it may")
    func list() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            var made: [String] = []
            for index in 0..<7 {
                made.append(
                    try await bench.account("u\(index)@example.org", groups: index == 1 ? [.seller] : [.buyer]).email)
                bench.clock.advance(by: .seconds(1))
            }
            try await accounts.signUp(email: "new@example.org", password: Self.password, name: "New")
            _ = try await accounts.suspend(try await accounts.account(made[2]).user.id, reason: "")
            let all = ["new@example.org"] + made.reversed()

            var (seen, cursor): ([String], String?) = ([], nil)
            repeat {
                let page = try await accounts.accounts(cursor: cursor, limit: 3)
                #expect(page.unlisted == 0)
                seen += page.accounts.map(\.user.email)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == all)

            func emails(_ group: UserGroup?, _ status: AccountStatus?) async throws -> [String] {
                try await accounts.accounts(group: group, status: status).accounts.map(\.user.email)
            }
            #expect(try await emails(.seller, nil) == [made[1]])
            #expect(try await emails(nil, .suspended) == [made[2]])
            #expect(try await emails(nil, .unconfirmed) == ["new@example.org"])
            #expect(try await emails(.seller, .suspended) == [])
            #expect(try await emails(.buyer, .active).count == 6)

            let short = try await accounts.accounts(group: .seller, limit: 2, scan: 4)
            #expect(short.accounts.isEmpty && short.scanned == 4)
            let next = try await accounts.accounts(group: .seller, cursor: short.nextCursor, limit: 2, scan: 4)
            #expect(next.accounts.map(\.user.email) == [made[1]] && next.nextCursor == nil)
            let refusal = try await refusalOf { _ = try await accounts.accounts(cursor: "nonsense") }
            #expect(refusal?.code == "validation_failed")
        }
    }

    @Test("accounts of a build that kept no list are counted as unlisted, and put on it")
    func index() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            for index in 0..<3 { _ = try await bench.account("u\(index)@example.org") }
            let key = RedisArgument("\(bench.market.keys.ns)users")
            _ = try await bench.redis.send(RedisCommand("DEL", key))
            _ = try await bench.account("u3@example.org")
            let page = try await accounts.accounts()
            #expect(page.accounts.map(\.user.email) == ["u3@example.org"] && page.unlisted == 3)
            var looked = 0
            try await accounts.indexAll { looked = $0 }
            #expect(looked == 4)
            let whole = try await accounts.accounts()
            #expect(whole.accounts.count == 4 && whole.unlisted == 0)
        }
    }

    @Test("who is not there is not found, whatever the text")
    func nobody() async throws {
        try await withMarket { bench in
            for text in ["nobody@example.org", "usr_00000000000000000000000000", "", "*", "usr_x"] {
                let refusal = try await refusalOf { _ = try await bench.market.accounts.account(text) }
                #expect(refusal?.category == .notFound, "\(text)")
            }
            let refusal = try await refusalOf {
                _ = try await bench.market.accounts.resume("usr_00000000000000000000000000")
            }
            #expect(refusal?.category == .notFound)
        }
    }
}
