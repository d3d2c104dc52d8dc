import Foundation
import Testing
import Yams

/// The contract as the tests check it: paths, methods, and what each may answer with.
struct Contract: Sendable {
    struct Operation: Sendable, Hashable {
        var method: String
        var path: String
    }

    /// The answers of each operation, by status.
    let answers: [Operation: [Int: JSON]]
    private let root: JSON

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
        root = try YAMLDecoder().decode(JSON.self, from: try Self.text)
        var answers: [Operation: [Int: JSON]] = [:]
        guard case .object(let paths) = root["paths"] else { throw DecodingFailure() }
        for (path, item) in paths {
            guard case .object(let operations) = item else { throw DecodingFailure() }
            for (method, operation) in operations where method != "parameters" {
                guard case .object(let responses) = operation["responses"] else { throw DecodingFailure() }
                answers[Operation(method: method.uppercased(), path: path)] = responses.reduce(into: [:]) {
                    if let status = Int($1.key) { $0[status] = $1.value }
                }
            }
        }
        self.answers = answers
    }

    private struct DecodingFailure: Error {}

    /// Records an issue where an answer is none that the contract declares: by its status, or by its JSON.
    func check(method: String, path: String, answer: Answer) {
        let components = path.split(separator: "?").first.map { $0.split(separator: "/") } ?? []
        guard
            let (operation, declared) = answers.first(where: {
                $0.key.method == method && Self.matches($0.key.path, components)
            })
        else { return }
        let name = "\(method) \(operation.path)"
        guard let response = declared[answer.status] else {
            Issue.record("\(name) answered \(answer.status), which is not declared")
            return
        }
        let schema = Schema(root: root)
        let type = String((answer.header("content-type") ?? "").prefix { $0 != ";" })
        let media = schema.resolve(response)["content"][type]
        guard type.hasSuffix("json"), method != "HEAD" else { return }
        #expect(media != .null, "\(name) answered \(answer.status) with \(type), which is not declared")
        let problems = schema.problems(answer.json, against: media["schema"])
        #expect(problems.isEmpty, "\(name) \(answer.status)")
    }

    private static func matches(_ template: String, _ components: [Substring]) -> Bool {
        let parts = template.split(separator: "/")
        let takesRest = template.hasPrefix("/o/")
        guard takesRest ? components.count >= parts.count : components.count == parts.count else { return false }
        return zip(parts, components).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}
