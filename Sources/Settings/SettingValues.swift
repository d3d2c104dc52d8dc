internal import Configuration
internal import Foundation
internal import Yams

/// The text of every setting after flags, environment and file were laid over the defaults.
///
/// The order of precedence is: command-line flags, environment variables, `Config/sunset.yaml`, defaults.
struct SettingValues: Sendable {
    private let texts: [String: String]

    /// Reads all sources and checks every value; throws ``SettingsError`` with everything that is wrong.
    init(file: String?, flags: [String], environment: [String: String]) throws {
        var problems: [String] = []
        let reader = ConfigReader(providers: [
            Self.provider(named: "flags", Self.parse(flags: flags, problems: &problems)),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "sunset"),
            Self.provider(named: "file", Self.parse(file: file, problems: &problems)),
        ])
        var texts: [String: String] = [:]
        for definition in SettingDefinition.all {
            let text = reader.string(forKey: ConfigKey(definition.key), default: definition.standard)
            if let allowed = definition.complaint(about: text) {
                problems.append("\(definition.key): '\(text)' is not allowed; it must be \(allowed)")
            }
            texts[definition.key] = text
        }
        problems += Self.unknownVariables(in: environment)
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
        self.texts = texts
    }

    func text(_ key: String) -> String {
        guard let text = texts[key] else { preconditionFailure("'\(key)' is not defined in SettingDefinition.all") }
        return text
    }

    func integer(_ key: String) -> Int64 {
        guard let number = Int64(text(key)) else { preconditionFailure("'\(key)' was checked to be a number") }
        return number
    }

    func boolean(_ key: String) -> Bool { text(key) == "true" }

    /// An absolute path: a relative one is taken below `data`, an empty one is `nil`.
    func path(_ key: String) -> String? {
        let path = text(key)
        guard !path.isEmpty else { return nil }
        return path.hasPrefix("/") ? path : dataDirectory + "/" + path
    }

    /// The data folder as an absolute path.
    var dataDirectory: String {
        let path = text("data")
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private static func provider(named name: String, _ texts: [String: String]) -> InMemoryProvider {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, text) in texts {
            values[AbsoluteConfigKey(ConfigKey(key))] = ConfigValue(.string(text), isSecret: false)
        }
        return InMemoryProvider(name: name, values: values)
    }

    private static func parse(flags: [String], problems: inout [String]) -> [String: String] {
        let byFlag = Dictionary(uniqueKeysWithValues: SettingDefinition.all.map { ($0.flag, $0.key) })
        var values: [String: String] = [:]
        var rest = flags[...]
        while let flag = rest.popFirst() {
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = byFlag[String(parts[0])] else {
                problems.append("\(parts[0]): there is no such flag; see Config/sunset.yaml, where a.b_c is --a-b-c")
                continue
            }
            if parts.count == 2 {
                values[key] = String(parts[1])
            } else if let value = rest.popFirst() {
                values[key] = value
            } else {
                problems.append("\(flag): a value must follow")
            }
        }
        return values
    }

    private static func parse(file: String?, problems: inout [String]) -> [String: String] {
        guard let file else { return [:] }
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            guard let root = try Yams.compose(yaml: text) else { return [:] }
            return flatten(root, below: "", file: file, problems: &problems)
        } catch {
            problems.append("\(file): \(error)")
            return [:]
        }
    }

    private static func flatten(
        _ node: Node, below prefix: String, file: String, problems: inout [String]
    ) -> [String: String] {
        switch node {
        case .mapping(let mapping):
            var values: [String: String] = [:]
            for (key, child) in mapping {
                let path = prefix.isEmpty ? key.string ?? "" : prefix + "." + (key.string ?? "")
                values.merge(flatten(child, below: path, file: file, problems: &problems)) { _, new in new }
            }
            return values
        case .scalar(let scalar):
            guard SettingDefinition.all.contains(where: { $0.key == prefix }) else {
                problems.append("\(prefix): there is no such setting (\(file)\(position(of: node)))")
                return [:]
            }
            return [prefix: scalar.string]
        case .sequence, .alias:
            problems.append("\(prefix): a list or alias is not allowed here (\(file)\(position(of: node)))")
            return [:]
        }
    }

    private static func position(of node: Node) -> String {
        node.mark.map { ", line \($0.line)" } ?? ""
    }

    /// Names `SUNSET_…` variables that override nothing: a typing error there would otherwise go unseen.
    private static func unknownVariables(in environment: [String: String]) -> [String] {
        let known = Set(SettingDefinition.all.map(\.environmentVariable)).union(["SUNSET_CONFIG"])
        return environment.keys.filter { $0.hasPrefix("SUNSET_") && !known.contains($0) }.sorted()
            .map { "\($0): there is no such setting" }
    }
}
