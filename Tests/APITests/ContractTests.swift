import API
import Testing

struct ContractTests {
    @Test("the router has exactly the routes of the contract")
    func routesMatch() async throws {
        try await withInstallation { installation in
            // Hummingbird writes a rest of several segments as `**`.
            let registered = Set(
                installation.routes.map {
                    Contract.Operation(method: $0.method, path: $0.path.replacing("**", with: "{key}"))
                })
            let declared = Set(Contract.shared.answers.keys)
            #expect(registered.subtracting(declared).isEmpty, "in the router and not in the contract")
            #expect(declared.subtracting(registered).isEmpty, "in the contract and not in the router")
        }
    }

    @Test("the contract is served as it is, with a page that loads nothing from elsewhere")
    func contractIsServed() async throws {
        try await withInstallation { installation in
            let contract = try await installation.get("/openapi.yaml")
            #expect(contract.status == 200)
            #expect(contract.text == (try Contract.text))
            let tag = try #require(contract.header("etag"))
            #expect(try await installation.get("/openapi.yaml", headers: ["If-None-Match": tag]).status == 304)

            let page = try await installation.get("/docs")
            #expect(page.status == 200)
            #expect(page.header("content-security-policy")?.contains("script-src 'self'") == true)
            #expect(!page.text.contains("http://") && !page.text.contains("https://"))
            for part in ["docs.js", "docs.css"] {
                #expect(try await installation.get("/docs/\(part)").status == 200)
            }
            #expect(try await installation.get("/docs/other.js").status == 404)
        }
    }
}
