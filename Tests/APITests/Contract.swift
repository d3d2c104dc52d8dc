import API
import Foundation
import Testing
import Yams

/// The contract as the tests check it: paths, methods and the status codes that each may answer with.
struct Contract: Sendable {
    struct Operation: Sendable, Hashable {
        var method: String
        var path: String
    }

    let statuses: [Operation: Set<Int>]

    static let shared: Contract = {
        do {
            return try Contract()
        } catch {
            fatalError("openapi.yaml: \(error)")
        }
    }()

    static var text: String {
        get throws {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../Sources/API/Resources/openapi.yaml")
            return try String(contentsOf: file, encoding: .utf8)
        }
    }

    init() throws {
        let root = try #require(try Yams.load(yaml: try Self.text) as? [String: Any])
        let paths = try #require(root["paths"] as? [String: Any])
        var statuses: [Operation: Set<Int>] = [:]
        for (path, item) in paths {
            for (method, operation) in try #require(item as? [String: Any]) where method != "parameters" {
                let responses = try #require((operation as? [String: Any])?["responses"] as? [String: Any])
                statuses[Operation(method: method.uppercased(), path: path)] = Set(
                    responses.keys.compactMap { Int($0) })
            }
        }
        self.statuses = statuses
    }

    /// Records an issue where an answer's status is none that the contract declares.
    func check(method: String, path: String, status: Int) {
        let components = path.split(separator: "?").first.map { $0.split(separator: "/") } ?? []
        for (operation, declared) in statuses where operation.method == method {
            guard Self.matches(operation.path, components) else { continue }
            #expect(declared.contains(status), "\(method) \(operation.path) answered \(status), which is not declared")
            return
        }
    }

    private static func matches(_ template: String, _ components: [Substring]) -> Bool {
        let parts = template.split(separator: "/")
        let takesRest = template.hasPrefix("/o/")
        guard takesRest ? components.count >= parts.count : components.count == parts.count else { return false }
        return zip(parts, components).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}
