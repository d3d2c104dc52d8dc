import Foundation
import HTTPTypes
import Hummingbird
import ObjectStore

extension S3Responder {
    // MARK: CORS

    func getCORS(_ r: S3Request) async throws -> Response {
        try administer(r)
        let rules = try await store.rules(of: r.bucket).cors
        guard !rules.isEmpty else {
            throw S3Error(
                .notFound, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
        }
        return .xml(
            XMLWriter.document("CORSConfiguration") { xml in
                for rule in rules {
                    xml.element("CORSRule") { xml in
                        xml.element("ID", rule.id)
                        rule.origins.forEach { xml.element("AllowedOrigin", $0) }
                        rule.methods.forEach { xml.element("AllowedMethod", $0) }
                        rule.headers.forEach { xml.element("AllowedHeader", $0) }
                        rule.exposedHeaders.forEach { xml.element("ExposeHeader", $0) }
                        xml.element("MaxAgeSeconds", rule.maximumAge.map { String($0) })
                    }
                }
            })
    }

    func putCORS(_ r: S3Request) async throws -> Response {
        try administer(r)
        let document = try XMLNode.parse(try await r.collect(upTo: 64 << 10), root: "CORSConfiguration")
        let methods: Set<String> = ["GET", "PUT", "POST", "DELETE", "HEAD"]
        let rules = try document.all("CORSRule").map { node throws(S3Error) in
            let rule = CORSRule(
                id: node.text("ID"), origins: node.all("AllowedOrigin").map(\.text),
                methods: node.all("AllowedMethod").map(\.text), headers: node.all("AllowedHeader").map(\.text),
                exposedHeaders: node.all("ExposeHeader").map(\.text),
                maximumAge: node.text("MaxAgeSeconds").flatMap { Int($0) })
            let stars = (rule.origins + rule.headers).map { $0.count { $0 == "*" } }
            guard !rule.origins.isEmpty, !rule.methods.isEmpty, rule.methods.allSatisfy(methods.contains),
                stars.allSatisfy({ $0 <= 1 })
            else { throw S3Error.malformedXML }
            return rule
        }
        guard (1...100).contains(rules.count) else { throw S3Error.malformedXML }
        return try await changeRules(r) { $0.cors = rules }
    }

    /// What a browser asks before it lets a page do a request; nobody is signed in here.
    func preflight(_ request: Request, _ target: S3Target) async throws -> Response {
        let headers = request.headers
        guard let origin = headers[.origin], let method = headers[.accessControlRequestMethod],
            let bucket = target.bucket
        else { throw S3Error(.badRequest, "BadRequest", "Insufficient information. Origin request header needed.") }
        let wanted = (headers[.accessControlRequestHeaders] ?? "").split(separator: ",")
            .map { $0.filter { $0 != " " }.lowercased() }
        let rules = try? await store.rules(of: bucket).cors  // A bucket that is missing allows nothing.
        guard let rule = rules?.first(where: { $0.allows(origin: origin, method: method, headers: wanted) }) else {
            throw S3Error(
                .forbidden, "AccessForbidden", "CORSResponse: This CORS request is not allowed by the bucket's rules.")
        }
        var answer = rule.responseHeaders(origin: origin)
        answer[.accessControlAllowMethods] = rule.methods.joined(separator: ", ")
        if !wanted.isEmpty {
            answer[.accessControlAllowHeaders] = wanted.joined(separator: ", ")
        }
        answer[.accessControlMaxAge] = rule.maximumAge.map { String($0) }
        return Response(status: .ok, headers: answer)
    }

    func addCORSHeaders(to response: inout Response, _ request: Request, _ bucket: String) async {
        // Where the rules can't be read, the page gets no leave and the answer stays as it is.
        guard let origin = request.headers[.origin], let rules = try? await store.rules(of: bucket).cors,
            let rule = rules.first(where: { $0.allows(origin: origin, method: request.method.rawValue, headers: []) })
        else { return }
        for field in rule.responseHeaders(origin: origin) {
            response.headers[field.name] = field.value
        }
    }

    // MARK: Lifecycle

    func getLifecycle(_ r: S3Request) async throws -> Response {
        try administer(r)
        let rules = try await store.rules(of: r.bucket).lifecycle
        guard !rules.isEmpty else {
            throw S3Error(
                .notFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
        }
        return .xml(
            XMLWriter.document("LifecycleConfiguration") { xml in
                for rule in rules {
                    xml.element("Rule") { xml in
                        xml.element("ID", rule.id)
                        xml.element("Filter") { $0.element("Prefix", rule.prefix) }
                        xml.element("Status", rule.isEnabled ? "Enabled" : "Disabled")
                        xml.element("AbortIncompleteMultipartUpload") { xml in
                            xml.element("DaysAfterInitiation", Int64(rule.days))
                        }
                    }
                }
            })
    }

    func putLifecycle(_ r: S3Request) async throws -> Response {
        try administer(r)
        let document = try XMLNode.parse(try await r.collect(upTo: 256 << 10), root: "LifecycleConfiguration")
        let rules = try document.all("Rule").map { node throws(S3Error) in
            let known: Set<String> = ["ID", "Filter", "Prefix", "Status", "AbortIncompleteMultipartUpload"]
            if let other = node.children.first(where: { !known.contains($0.name) }) {
                throw S3Error.notImplemented("the lifecycle action \(other.name)")
            }
            let filter = node.first("Filter")
            if let other = filter?.children.first(where: { $0.name != "Prefix" }) {
                throw S3Error.notImplemented("lifecycle filters by \(other.name)")
            }
            guard let status = node.text("Status"), ["Enabled", "Disabled"].contains(status),
                let days = node.first("AbortIncompleteMultipartUpload")?.text("DaysAfterInitiation"),
                let days = Int(days), (1...36_500).contains(days)
            else { throw S3Error.malformedXML }
            return AbandonedUploadRule(
                id: node.text("ID"), prefix: filter?.text("Prefix") ?? node.text("Prefix") ?? "", days: days,
                isEnabled: status == "Enabled")
        }
        guard (1...1000).contains(rules.count) else { throw S3Error.malformedXML }
        return try await changeRules(r) { $0.lifecycle = rules }
    }
}

extension CORSRule {
    fileprivate func allows(origin: String, method: String, headers wanted: [String]) -> Bool {
        methods.contains(method) && origins.contains { Self.matches($0, origin) }
            && wanted.allSatisfy { name in headers.contains { Self.matches($0.lowercased(), name) } }
    }

    fileprivate func responseHeaders(origin: String) -> HTTPFields {
        let isOpen = origins.contains("*")
        var answer: HTTPFields = [
            .accessControlAllowOrigin: isOpen ? "*" : origin,
            .vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        ]
        if !isOpen {
            answer[.accessControlAllowCredentials] = "true"
        }
        if !exposedHeaders.isEmpty {
            answer[.accessControlExposeHeaders] = exposedHeaders.joined(separator: ", ")
        }
        return answer
    }

    /// A pattern with at most one star.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        let halves = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return pattern == text }
        return text.utf8.count >= halves[0].utf8.count + halves[1].utf8.count && text.hasPrefix(halves[0])
            && text.hasSuffix(halves[1])
    }
}
