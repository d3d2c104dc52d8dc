internal import Foundation
internal import Yams

/// Where a setting's text came from.
public enum SettingSource: Sendable, Equatable {
    /// A flag of the command line.
    case flag
    /// An environment variable.
    case environment
    /// The file, and the line in it.
    case file(String, line: Int?)
    /// Nowhere: the default.
    case standard

    /// A word for programs: `flag`, `environment`, `file`, `default`.
    public var kind: String {
        switch self {
        case .flag: "flag"
        case .environment: "environment"
        case .file: "file"
        case .standard: "default"
        }
    }
}

/// What flags, environment and file say, before it is checked.
struct SettingSources {
    private(set) var flags: [String: String] = [:]
    private(set) var environment: [String: String] = [:]
    private(set) var fileTexts: [String: String] = [:]
    private(set) var problems: [String] = []
    let file: String?
    private var lines: [String: Int] = [:]

    init(file: String?, flags: [String], environment: [String: String]) {
        self.file = file
        readFlags(flags)
        if let file { readFile(file) }
        readVariables(environment)
    }

    /// Who of them decides about a key.
    func source(of key: String) -> SettingSource {
        if flags[key] != nil { return .flag }
        if environment[key] != nil { return .environment }
        if let file, fileTexts[key] != nil { return .file(file, line: lines[key]) }
        return .standard
    }

    private mutating func readFlags(_ words: [String]) {
        let byFlag = Dictionary(uniqueKeysWithValues: SettingDefinition.all.map { ($0.flag, $0.key) })
        var rest = words[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = byFlag[String(parts[0])] else {
                let near = Nearest.hint(to: String(parts[0]), among: Array(byFlag.keys))
                problems.append(
                    "\(parts[0]): there is no such flag\(near); see Config/sunset.yaml, where a.b_c is --a-b-c")
                continue
            }
            if parts.count == 2 {
                flags[key] = String(parts[1])
            } else if let value = rest.popFirst() {
                flags[key] = value
            } else {
                problems.append("\(word): a value must follow")
            }
        }
    }

    /// Names `SUNSET_…` variables that override nothing: a typing error there would otherwise go unseen.
    private mutating func readVariables(_ variables: [String: String]) {
        let byName = Dictionary(uniqueKeysWithValues: SettingDefinition.all.map { ($0.environmentVariable, $0.key) })
        for (name, text) in variables where byName[name] != nil { environment[byName[name] ?? ""] = text }
        let known = Set(byName.keys).union(["SUNSET_CONFIG"])
        problems += variables.keys.filter { $0.hasPrefix("SUNSET_") && !known.contains($0) }.sorted()
            .map { "\($0): there is no such setting\(Nearest.hint(to: $0, among: Array(known)))" }
    }

    private mutating func readFile(_ path: String) {
        guard FileManager.default.fileExists(atPath: path) else {
            return problems.append("\(path): there is no such file")
        }
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            guard let root = try Yams.compose(yaml: text) else { return }
            flatten(root, below: "", path)
        } catch let error as YamlError {
            let lines = "\(error)".split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            problems.append("\(path): this is no YAML: \(lines.joined(separator: " "))")
        } catch {
            let reason = access(path, R_OK) == 0 ? "it is not UTF-8 text" : String(cString: strerror(errno))
            problems.append("\(path): can't be read: \(reason)")
        }
    }

    private mutating func flatten(_ node: Node, below prefix: String, _ path: String) {
        switch node {
        case .mapping(let mapping):
            for (key, child) in mapping {
                flatten(child, below: prefix.isEmpty ? key.string ?? "" : prefix + "." + (key.string ?? ""), path)
            }
        case .scalar(let scalar):
            // A section whose lines are all comments is an empty one.
            let isEmpty = scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null"
            let isSection = SettingDefinition.all.contains { $0.key.hasPrefix(prefix + ".") }
            guard !(isEmpty && isSection) else { return }
            guard SettingDefinition.all.contains(where: { $0.key == prefix }) else {
                let near = Nearest.hint(to: prefix, among: SettingDefinition.all.map(\.key))
                return problems.append("\(prefix): there is no such setting\(near) (\(path)\(position(of: node)))")
            }
            fileTexts[prefix] = scalar.string
            lines[prefix] = node.mark?.line
        case .sequence, .alias:
            problems.append("\(prefix): a list or alias is not allowed here (\(path)\(position(of: node)))")
        }
    }

    private func position(of node: Node) -> String {
        node.mark.map { ", line \($0.line)" } ?? ""
    }
}
