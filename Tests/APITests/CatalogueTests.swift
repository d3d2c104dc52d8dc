import Testing

struct CatalogueTests {
    @Test("a product is made, published, found by a word, read by slug, withdrawn and gone")
    func life() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let id = try await installation.product(as: seller, title: "Debian Policy Manual")
            let found = try await installation.get("/v1/products?q=policy+manual").json
            #expect(found["data"][0]["id"].string == id)
            let slug = try #require(found["data"][0]["slug"].string)
            let product = try await installation.get("/v1/products/\(slug)")
            #expect(product.json["id"].string == id)
            #expect(product.json["files"][0]["filename"].string == "file 0 ü.pdf")
            let categories = try await installation.get("/v1/categories").json["data"].array
            #expect(categories.first { $0["slug"].string == "ebooks" }?["count"].int == 1)

            #expect(try await installation.post("/v1/seller/products/\(id)/unpublish", as: seller).status == 200)
            try await installation.get("/v1/products/\(id)").expectProblem(404, "not_found")
            #expect(try await installation.get("/v1/products?q=policy").json["data"].array.isEmpty)
            let own = try await installation.get("/v1/seller/products/\(id)", as: seller)
            #expect(own.json["status"].string == "withdrawn")
        }
    }

    @Test("a product's ETag saves a transfer and guards a change")
    func entityTags() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let id = try await installation.product(as: seller)
            let path = "/v1/seller/products/\(id)"
            let tag = try #require(try await installation.get(path, as: seller).header("etag"))
            #expect(try await installation.get("/v1/products/\(id)").header("etag") == tag)
            for value in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                let answer = try await installation.get("/v1/products/\(id)", headers: ["If-None-Match": value])
                #expect(answer.status == 304)
                #expect(answer.body.isEmpty)
            }
            #expect(try await installation.get("/v1/products/\(id)", headers: ["If-None-Match": "\"x\""]).status == 200)

            let change = #"{"title":"Another title"}"#
            func patch(_ headers: [String: String]) async throws -> Answer {
                try await installation.send("PATCH", path, as: seller, headers: headers, json: change)
            }
            try await patch([:]).expectProblem(428, "precondition_required")
            let changed = try await patch(["If-Match": tag])
            #expect(changed.status == 200)
            #expect(changed.json["title"].string == "Another title")
            #expect(changed.header("etag") != tag)
            #expect(try await patch(["If-Match": tag]).status == 412)
            #expect(try await patch(["If-Match": "\"nonsense\""]).status == 412)
            #expect(try await patch(["If-Match": "W/\(changed.header("etag") ?? "")"]).status == 412)
            #expect(try await patch(["If-Match": "\"x\", \(changed.header("etag") ?? "")"]).status == 200)
            #expect(try await patch(["If-Match": "*"]).status == 200)
        }
    }

    @Test("lists page by an opaque cursor and say so in Link")
    func pages() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            for number in 1...3 {
                _ = try await installation.product(as: seller, title: "Volume \(number)", price: number * 100)
            }
            var path = "/v1/products?sort=price_asc&limit=2"
            let first = try await installation.get(path)
            #expect(first.json["has_more"] == .bool(true))
            let link = try #require(first.header("link"))
            #expect(link.hasSuffix("; rel=\"next\""))
            path = String(link.dropFirst().prefix { $0 != ">" })
            #expect(path.contains("sort=price_asc") && path.contains("limit=2"))
            let second = try await installation.get(path)
            #expect(second.json["has_more"] == .bool(false))
            #expect(second.header("link") == nil)
            let titles = (first.json["data"].array + second.json["data"].array).compactMap { $0["title"].string }
            #expect(titles == ["Volume 1", "Volume 2", "Volume 3"])
        }
    }

    @Test("another seller's product does not exist for those who would change it")
    func foreign() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let other = try await installation.signUp("olga", groups: ["seller"])
            let id = try await installation.product(as: seller)
            let path = "/v1/seller/products/\(id)"
            try await installation.get(path, as: other).expectProblem(404, "not_found")
            try await installation.post("\(path)/unpublish", as: other).expectProblem(404, "not_found")
            try await installation.send("DELETE", path, as: other).expectProblem(404, "not_found")
            try await installation.send(
                "PATCH", path, as: other, headers: ["If-Match": "*"], json: #"{"title":"Mine now"}"#
            ).expectProblem(404, "not_found")
        }
    }
}
