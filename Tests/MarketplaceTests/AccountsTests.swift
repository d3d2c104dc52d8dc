import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

@Suite struct AccountsTests {
    @Test func `an account signs up, confirms by the mailed code, signs in, and out`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            try await accounts.signUp(
                email: " Ann@Example.org", password: "correct horse", name: "Ann", groups: [.seller])
            let early = try await refusalOf {
                _ = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
            }
            #expect(early?.code == "not_confirmed")
            let code = try #require(try await bench.codes(to: "ann@example.org").first)
            #expect(code.utf8.count == 6)
            let user = try await accounts.confirm(email: "ann@example.org", code: "\(code.prefix(3)) \(code.suffix(3))")
            #expect(user.confirmed && user.groups == [.buyer, .seller] && user.slug == "ann")

            let signedIn = try await accounts.signIn(email: "ANN@example.org", password: "correct horse")
            #expect(signedIn.user == user)
            #expect(try await accounts.authenticate(token: signedIn.token).user == user)
            #expect(try await accounts.user(id: user.id) == user)
            try await accounts.signOut(token: signedIn.token)
            let ended = try await refusalOf { _ = try await accounts.authenticate(token: signedIn.token) }
            #expect(ended?.code == "session_invalid" && ended?.category == .unauthenticated)
            try await accounts.signOut(token: signedIn.token)
        }
    }

    @Test func `two sign-ups of one address at once make one account and mail one code`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await accounts.signUp(email: "ann@example.org", password: "password \(index)", name: "Ann")
                    }
                }
                try await group.waitForAll()
            }
            let users = try await bench.redis.send(RedisCommand("HLEN", .init("\(bench.market.keys.ns)email")))
            #expect(users.int == 1)
            #expect(try await bench.codes(to: "ann@example.org").count == 1)
        }
    }

    @Test func `of confirmations at once all succeed with one account, and a repeat changes nothing`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            try await accounts.signUp(
                email: "s@example.org", password: "correct horse", name: "Shop", groups: [.seller])
            let code = try #require(try await bench.codes(to: "s@example.org").first)
            let users = try await withThrowingTaskGroup(of: User.self) { group in
                for _ in 0..<6 { group.addTask { try await accounts.confirm(email: "s@example.org", code: code) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(users.map(\.slug)) == ["shop"])
            let slugs = try await bench.redis.send(RedisCommand("HLEN", .init("\(bench.market.keys.ns)sellers")))
            #expect(slugs.int == 1)
        }
    }

    @Test func `sellers of one name get slugs of their own`() async throws {
        try await withMarket { bench in
            var slugs: [String?] = []
            for index in 0..<3 {
                slugs.append(
                    try await bench.account("s\(index)@example.org", name: "Café Ñandú!", groups: [.seller]).slug)
            }
            #expect(slugs == ["cafe-nandu", "cafe-nandu-2", "cafe-nandu-3"])
        }
    }

    @Test func `a code is void after five wrong tries, and after its time`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            try await accounts.signUp(email: "ann@example.org", password: "correct horse", name: "Ann")
            let code = try #require(try await bench.codes(to: "ann@example.org").first)
            let wrong = code == "000000" ? "000001" : "000000"
            for _ in 0..<5 {
                let error = try await refusalOf {
                    _ = try await accounts.confirm(email: "ann@example.org", code: wrong)
                }
                #expect(error?.code == "code_invalid")
            }
            let void = try await refusalOf { _ = try await accounts.confirm(email: "ann@example.org", code: code) }
            #expect(void?.code == "code_invalid")

            bench.clock.advance(by: .seconds(60))
            try await accounts.resendCode(email: "ann@example.org")
            let second = try #require(try await bench.codes(to: "ann@example.org").first { $0 != code })
            bench.clock.advance(by: .seconds(15 * 60))
            let late = try await refusalOf { _ = try await accounts.confirm(email: "ann@example.org", code: second) }
            #expect(late?.code == "code_invalid")
        }
    }

    @Test func `codes are mailed to one address at most every half minute`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            try await accounts.signUp(email: "ann@example.org", password: "correct horse", name: "Ann")
            for _ in 0..<5 { try await accounts.resendCode(email: "ann@example.org") }
            #expect(try await bench.codes(to: "ann@example.org").count == 1)
            bench.clock.advance(by: .seconds(31))
            for _ in 0..<5 { try await accounts.resendCode(email: "ann@example.org") }
            #expect(try await bench.codes(to: "ann@example.org").count == 2)
        }
    }

    @Test func `nothing tells an unknown address from a known one`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            let known = try await bench.account("known@example.org")
            bench.clock.advance(by: .seconds(60))
            for address in ["known@example.org", "unknown@example.org"] {
                try await accounts.signUp(email: address, password: "some password", name: "Somebody")
                try await accounts.resendCode(email: address)
                try await accounts.forgotPassword(email: address)
            }
            let others = ["known@example.org", "nobody@example.org"]
            var answers: [[MarketplaceError?]] = []
            for address in others {
                answers.append([
                    try await refusalOf { _ = try await accounts.signIn(email: address, password: "wrong password") },
                    try await refusalOf { _ = try await accounts.confirm(email: address, code: "123456") },
                    try await refusalOf {
                        try await accounts.resetPassword(email: address, code: "123456", password: "new password")
                    },
                ])
            }
            #expect(answers[0] == answers[1])
            // The owner is told by mail, and the account is as it was.
            #expect(try await bench.jobs(SendMail.self).contains { $0.template == .alreadyRegistered })
            #expect(try await accounts.signIn(email: "known@example.org", password: "correct horse").user == known)
        }
    }

    @Test func `unknown addresses lock like known ones`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            _ = try await bench.account("known@example.org")
            var codes: [[String?]] = []
            for address in ["known@example.org", "unknown@example.org"] {
                var seen: [String?] = []
                for _ in 0..<7 {
                    seen.append(
                        try await refusalOf {
                            _ = try await accounts.signIn(email: address, password: "wrong password")
                        }?
                        .code)
                }
                codes.append(seen)
            }
            #expect(codes[0] == codes[1])
            #expect(codes[0].last == "locked_out")
        }
    }

    @Test func `from the fifth wrong password an address is locked for 1, 2, 4 … seconds, 15 minutes at most`()
        async throws
    {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            _ = try await bench.account("ann@example.org")
            for failure in 1...16 {
                let wrong = try await refusalOf {
                    _ = try await accounts.signIn(email: "ann@example.org", password: "wrong password")
                }
                #expect(wrong?.code == "invalid_credentials")
                guard failure >= 5 else { continue }
                let locked = try await refusalOf {
                    _ = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
                }
                let seconds = min(1 << (failure - 5), 900)
                #expect(locked?.code == "locked_out" && locked?.category == .rateLimited)
                let retryAfter = try #require(locked?.retryAfter)
                #expect(retryAfter <= .seconds(seconds) && retryAfter > .seconds(seconds) - .seconds(1))
                bench.clock.advance(by: .seconds(seconds))
            }
            _ = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
            // The right password forgets the wrong ones.
            let next = try await refusalOf {
                _ = try await accounts.signIn(email: "ann@example.org", password: "wrong password")
            }
            #expect(next?.code == "invalid_credentials")
            _ = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
        }
    }

    @Test func `neither tokens nor passwords nor codes are kept`() async throws {
        try await withMarket { bench in
            let user = try await bench.account("ann@example.org", password: "correct horse")
            let signedIn = try await bench.market.accounts.signIn(email: "ann@example.org", password: "correct horse")
            let keys = try await bench.redis.send(RedisCommand("KEYS", "*")).array ?? []
            var contents = keys.compactMap(\.string).joined(separator: "\n")
            for key in keys.compactMap(\.string) where !key.contains(":q:") {
                guard try await bench.redis.send(RedisCommand("TYPE", .init(key))).string == "hash" else { continue }
                let record = try await bench.redis.send(RedisCommand("HGETALL", .init(key))).array ?? []
                contents += record.compactMap(\.string).joined(separator: "\n")
            }
            #expect(contents.contains(user.id))
            #expect(contents.contains("$argon2id$v=19$m=64,t=1,p=1$"))
            #expect(!contents.contains(signedIn.token))
            #expect(!contents.contains("correct horse"))
            let session = try await bench.market.accounts.authenticate(token: signedIn.token)
            #expect(keys.compactMap(\.string).contains("\(bench.market.keys.ns)ses:\(session.tokenHash)"))
        }
    }

    @Test func `a session in use lives on, an unused one ends, and none is older than its limit`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            _ = try await bench.account("ann@example.org")
            let used = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
            let unused = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
            for _ in 0..<8 {
                bench.clock.advance(by: .seconds(10 * 86_400))
                let session = try await accounts.authenticate(token: used.token)
                #expect(session.expiresAt > used.expiresAt)
            }
            let ended = try await refusalOf { _ = try await accounts.authenticate(token: unused.token) }
            #expect(ended?.code == "session_invalid")
            bench.clock.advance(by: .seconds(10 * 86_400))
            let tooOld = try await refusalOf { _ = try await accounts.authenticate(token: used.token) }
            #expect(tooOld?.code == "session_invalid")
        }
    }

    @Test func `a new password ends all sessions and is mailed about, and the code works once`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            let user = try await bench.account("ann@example.org")
            let first = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
            let second = try await accounts.signIn(email: "ann@example.org", password: "correct horse")

            let before = Set(try await bench.codes(to: "ann@example.org"))
            try await accounts.forgotPassword(email: "ann@example.org")
            let code = try #require(try await bench.codes(to: "ann@example.org").first { !before.contains($0) })
            try await accounts.resetPassword(email: "ann@example.org", code: code, password: "battery staple")
            for token in [first.token, second.token] {
                #expect(
                    try await refusalOf { _ = try await accounts.authenticate(token: token) }?.code == "session_invalid"
                )
            }
            let again = try await refusalOf {
                try await accounts.resetPassword(email: "ann@example.org", code: code, password: "another password")
            }
            #expect(again?.code == "code_invalid")
            let old = try await refusalOf {
                _ = try await accounts.signIn(email: "ann@example.org", password: "correct horse")
            }
            #expect(old?.code == "invalid_credentials")
            #expect(try await bench.jobs(SendMail.self).filter { $0.template == .passwordChanged }.count == 1)

            let third = try await accounts.signIn(email: "ann@example.org", password: "battery staple")
            let wrong = try await refusalOf {
                try await accounts.changePassword(user: user.id, current: "wrong password", new: "third password")
            }
            #expect(wrong?.code == "wrong_password")
            try await accounts.changePassword(user: user.id, current: "battery staple", new: "third password")
            #expect(
                try await refusalOf { _ = try await accounts.authenticate(token: third.token) }?.code
                    == "session_invalid"
            )
            _ = try await accounts.signIn(email: "ann@example.org", password: "third password")
            #expect(try await accounts.signOutEverywhere(user: user.id) == 1)
        }
    }

    @Test func `a hash of other parameters is renewed at the next sign-in`() async throws {
        try await withMarket { bench in
            let user = try await bench.account("ann@example.org")
            var configuration = bench.market.configuration
            configuration.passwordHashing = Argon2Parameters(memoryKiB: 128, iterations: 2, parallelism: 1)
            let stronger = Marketplace(
                redis: bench.redis, queue: bench.market.queue, objects: bench.market.objects,
                payments: bench.market.payments, keyRing: bench.market.keyRing, configuration: configuration,
                logger: .quiet)
            let field = RedisCommand("HGET", .init("\(bench.market.keys.ns)usr:\(user.id)"), "password")
            #expect(try await bench.redis.send(field).string?.contains("m=64,t=1") == true)
            _ = try await stronger.accounts.signIn(email: "ann@example.org", password: "correct horse")
            #expect(try await bench.redis.send(field).string?.contains("m=128,t=2") == true)
            _ = try await stronger.accounts.signIn(email: "ann@example.org", password: "correct horse")
        }
    }

    @Test func `the default hash has the parameters that it says it has`() async throws {
        try await withMarket { bench in
            #expect(MarketplaceConfiguration().passwordHashing == Argon2Parameters(memoryKiB: 19_456, iterations: 2))
            // The composed and the decomposed form of one password are one password.
            _ = try await bench.account("ann@example.org", password: "Zoë's pass")
            _ = try await bench.market.accounts.signIn(email: "ann@example.org", password: "Zoe\u{308}'s pass")
        }
    }

    @Test func `the first admin is made once, whoever starts at the same time`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            let passwords = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<4 { group.addTask { try await accounts.ensureAdmin()?.password } }
                return try await group.reduce(into: [String]()) { if let password = $1 { $0.append(password) } }
            }
            #expect(passwords.count == 1)
            let admin = try await accounts.signIn(
                email: "admin@sunset.localhost", password: try #require(passwords.first))
            #expect(admin.user.belongs(to: .admin))
            let refused = try await refusalOf {
                try await accounts.signUp(email: "x@example.org", password: "password 1", name: "X", groups: [.admin])
            }
            #expect(refused?.fields.first?.pointer == "/groups")
        }
    }

    @Test(arguments: [
        "", "ann", "@example.org", "ann@", "ann@example", "a nn@example.org", "ann@exa mple.org", "ann@-example.org",
        "ann@example..org", ".ann@example.org", "ann@example.org\r\nBcc: x@example.org", "ann@@example.org",
        "ann@example.org\u{0}", "änn@example.org",
    ])
    func `what is no address is refused with a pointer`(address: String) async throws {
        try await withMarket { bench in
            let error = try await refusalOf {
                try await bench.market.accounts.signUp(email: address, password: "correct horse", name: "Ann")
            }
            #expect(error?.fields.first?.pointer == "/email")
        }
    }

    @Test func `passwords and names out of bounds are refused with a pointer`() async throws {
        try await withMarket { bench in
            let accounts = bench.market.accounts
            for password in ["1234567", String(repeating: "x", count: 257)] {
                let error = try await refusalOf {
                    try await accounts.signUp(email: "ann@example.org", password: password, name: "Ann")
                }
                #expect(error?.fields.first?.pointer == "/password")
            }
            for name in ["", "   ", "a\u{0}b", "a\r\nb", String(repeating: "x", count: 101)] {
                let error = try await refusalOf {
                    try await accounts.signUp(email: "ann@example.org", password: "correct horse", name: name)
                }
                #expect(error?.fields.first?.pointer == "/name")
            }
            #expect(try await bench.jobs(SendMail.self).isEmpty)
        }
    }
}
