import Crypto
import Foundation
import Marketplace
import Testing
import TestSupport

/// The steps that most tests begin with, taken over HTTP.
extension Installation {
    static let password = "a long enough password"

    /// An account of these groups, confirmed and signed in; its token.
    func signUp(_ name: String, groups: [String] = ["buyer"]) async throws -> String {
        let list = groups.map { "\"\($0)\"" }.joined(separator: ",")
        let email = "\(name)@example.org"
        let sent = try await post(
            "/v1/auth/sign-up",
            #"{"email":"\#(email)","password":"\#(Self.password)","name":"\#(name)","groups":[\#(list)]}"#)
        #expect(sent.status == 202, "\(sent.text)")
        let code = try await mails.code(to: email)
        let confirmed = try await post("/v1/auth/confirm", #"{"email":"\#(email)","code":"\#(code)"}"#)
        #expect(confirmed.status == 200, "\(confirmed.text)")
        return try await signIn(name)
    }

    func signIn(_ name: String) async throws -> String {
        let answer = try await post(
            "/v1/auth/sign-in", #"{"email":"\#(name)@example.org","password":"\#(Self.password)"}"#)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["token"].string)
    }

    /// Announces, puts and completes a file and waits until it is ready; its id.
    func upload(
        _ bytes: [UInt8], as seller: String, filename: String = "book.pdf", contentType: String = "application/pdf"
    ) async throws -> String {
        let announced = try await announce(size: bytes.count, as: seller, filename: filename, contentType: contentType)
        let id = try #require(announced.json["id"].string)
        let stored = try await put(bytes, announced.json)
        #expect(stored.status == 200, "\(stored.text)")
        let completed = try await post("/v1/uploads/\(id)/complete", as: seller)
        #expect(completed.status == 202, "\(completed.text)")
        for _ in 0..<2_000 {
            let state = try await get("/v1/uploads/\(id)", as: seller).json["state"].string
            if state == "ready" { return id }
            #expect(state == "uploaded" || state == "processing")
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TestSupportError("the upload was never ready")
    }

    func announce(
        size: Int, as seller: String, filename: String = "book.pdf", contentType: String = "application/pdf",
        sha256: String? = nil
    ) async throws -> Answer {
        let checksum = sha256.map { #","sha256":"\#($0)""# } ?? ""
        let name = String(decoding: try JSONEncoder().encode(filename), as: UTF8.self)
        return try await post(
            "/v1/uploads", #"{"filename":\#(name),"size":\#(size),"content_type":"\#(contentType)"\#(checksum)}"#,
            as: seller)
    }

    /// The PUT that an upload asks for.
    func put(_ bytes: [UInt8], _ upload: JSON) async throws -> Answer {
        let target = upload["upload"]
        var headers: [String: String] = [:]
        for name in target["headers"].keys { headers[name] = target["headers"][name].string }
        headers["Content-Length"] = nil
        return try await send("PUT", try #require(target["url"].string), headers: headers, bytes: bytes)
    }

    /// A published product with one file for each content; its id.
    func product(
        as seller: String, title: String = "A book", price: Int = 900, files: [[UInt8]] = [Array("hello".utf8)],
        downloadLimit: Int? = nil
    ) async throws -> String {
        let limit = downloadLimit.map { #","download_limit":\#($0)"# } ?? ""
        let created = try await post(
            "/v1/seller/products",
            #"{"title":"\#(title)","description":"d","price":{"amount":\#(price),"currency":"USD"},"category":"ebooks","tags":["t"]\#(limit)}"#,
            as: seller)
        #expect(created.status == 201, "\(created.text)")
        let id = try #require(created.json["id"].string)
        var uploads: [String] = []
        for (number, bytes) in files.enumerated() {
            uploads.append(try await upload(bytes, as: seller, filename: "file \(number) ü.pdf"))
        }
        let list = uploads.map { "\"\($0)\"" }.joined(separator: ",")
        let set = try await send(
            "PUT", "/v1/seller/products/\(id)/files", as: seller, json: #"{"upload_ids":[\#(list)]}"#)
        #expect(set.status == 200, "\(set.text)")
        let published = try await post("/v1/seller/products/\(id)/publish", as: seller)
        #expect(published.status == 200, "\(published.text)")
        return id
    }

    /// A cart with these products; its JSON.
    func cart(_ products: [String], as buyer: String?) async throws -> JSON {
        var cart = try await post("/v1/carts", as: buyer).json
        for product in products {
            let answer = try await send("PUT", "/v1/carts/\(cart["id"].string ?? "")/items/\(product)", as: buyer)
            #expect(answer.status == 200, "\(answer.text)")
            cart = answer.json
        }
        return cart
    }

    func checkout(
        _ cart: JSON, as buyer: String, card: String = "4242424242424242", key: String = UUID().uuidString,
        quote: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        var headers = headers
        headers["Idempotency-Key"] = key
        if headers["Prefer"] == nil { headers["Prefer"] = "wait=30" }
        return try await post(
            "/v1/carts/\(cart["id"].string ?? "")/checkout",
            #"{"quote":"\#(quote ?? cart["quote"].string ?? "")","card":{"number":"\#(card)","exp_month":12,"exp_year":2034,"cvc":"123"}}"#,
            as: buyer, headers: headers)
    }

    /// Buys products; the order.
    func buy(_ products: [String], as buyer: String) async throws -> JSON {
        let answer = try await checkout(try await cart(products, as: buyer), as: buyer)
        #expect(answer.status == 201, "\(answer.text)")
        return answer.json
    }

    /// The entitlement to an order's only item; its JSON.
    func entitlement(_ order: JSON, as buyer: String) async throws -> JSON {
        let id = try #require(order["items"][0]["entitlement_id"].string)
        return try await get("/v1/entitlements/\(id)", as: buyer).json
    }

    /// A link to an entitlement's file.
    func link(_ entitlement: JSON, file: Int = 0, as buyer: String, expiresIn: Int? = nil) async throws -> Answer {
        let seconds = expiresIn.map { #","expires_in":\#($0)"# } ?? ""
        return try await post(
            "/v1/entitlements/\(entitlement["id"].string ?? "")/downloads",
            #"{"file_id":"\#(entitlement["files"][file]["id"].string ?? "")"\#(seconds)}"#, as: buyer)
    }
}

func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
