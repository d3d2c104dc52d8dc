import Foundation
import Marketplace
import ObjectStore
import TestSupport
import Testing

struct SuspensionTests {
    @Test("a suspended account gets a 403 that says so: at sign-in, with its session, and with its download links")
    func suspension() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sue", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller, files: [Array(repeating: 7, count: 4096)])
            let order = try await installation.buy([product], as: buyer)
            let link = try await installation.link(try await installation.entitlement(order, as: buyer), as: buyer)
            let url = try #require(link.json["url"].string)
            #expect(try await installation.get(url).status == 200)

            let accounts = installation.marketplace.accounts
            let user = try await accounts.account("ben@example.org").user.id
            _ = try await accounts.suspend(user, reason: "chargebacks")
            for path in ["/v1/me", "/v1/orders", "/v1/library"] {
                try await installation.get(path, as: buyer).expectProblem(403, "account_suspended")
            }
            let signIn = #"{"email":"ben@example.org","password":"\#(Installation.password)"}"#
            let refused = try await installation.post("/v1/auth/sign-in", signIn)
            refused.expectProblem(403, "account_suspended")
            #expect(!refused.text.contains("chargebacks"))
            try await installation.get(url).expectProblem(403, "account_suspended")
            try await installation.get(url, headers: ["Range": "bytes=0-9"]).expectProblem(403, "account_suspended")
            #expect(try await installation.send("HEAD", url).status == 403)
            // What a guest may do, it may do.
            #expect(try await installation.post("/v1/carts", as: buyer).status == 201)

            _ = try await accounts.resume(user)
            try await installation.get("/v1/me", as: buyer).expectProblem(401, "session_invalid")
            #expect(try await installation.get("/v1/me", as: try await installation.signIn("ben")).status == 200)
            #expect(try await installation.get(url).status == 200)
        }
    }

    @Test("a running API signs with a rotated key within a moment, and still takes what the old one signed")
    func rotation() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sue", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let order = try await installation.buy([product], as: buyer)
            let entitlement = try await installation.entitlement(order, as: buyer)
            func url() async throws -> String {
                try #require(try await installation.link(entitlement, as: buyer).json["url"].string)
            }
            let old = try await url()
            let operators = try KeyRing(file: installation.keysFile)
            try operators.rotate(validity: .seconds(3600))
            let kid = try #require(operators.kids.last)
            try await eventually { try await url().contains("/v1.\(kid).") }
            #expect(try await installation.get(old).status == 200)
            #expect(try await installation.get(try await url()).status == 200)
            try operators.rotate(validity: .seconds(3600), dropsOld: true)
            try await eventually { try await installation.get(old).status == 403 }
        }
    }
}
