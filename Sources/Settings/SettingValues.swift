internal import Configuration
internal import Foundation

/// The text of every setting after flags, environment and file were laid over the defaults.
///
/// The order of precedence is: command-line flags, environment variables, `Config/sunset.yaml`, defaults.
struct SettingValues: Sendable {
    private let texts: [String: String]

    /// Reads all sources and checks every value; throws ``SettingsError`` with everything that is wrong.
    init(file: String?, flags: [String], environment: [String: String]) throws {
        let (values, problems) = Self.read(SettingSources(file: file, flags: flags, environment: environment))
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
        self = values
    }

    private init(texts: [String: String]) {
        self.texts = texts
    }

    /// The values, whatever they are, and all that is wrong with them and their sources.
    static func read(_ sources: SettingSources) -> (values: SettingValues, problems: [String]) {
        var problems = sources.problems
        let reader = ConfigReader(providers: [
            provider(named: "flags", sources.flags), provider(named: "environment", sources.environment),
            provider(named: "file", sources.fileTexts),
        ])
        var texts: [String: String] = [:]
        for definition in SettingDefinition.all {
            let text = reader.string(forKey: ConfigKey(definition.key), default: definition.standard)
            if let allowed = definition.complaint(about: text) {
                let place = place(of: sources.source(of: definition.key), definition)
                problems.append("\(definition.key): '\(text)' is not allowed; it must be \(allowed)\(place)")
            }
            texts[definition.key] = text
        }
        return (SettingValues(texts: texts), problems)
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

    /// Where a value is to be mended; a flag is before the reader's eyes.
    private static func place(of source: SettingSource, _ definition: SettingDefinition) -> String {
        switch source {
        case .flag, .standard: ""
        case .environment: " (\(definition.environmentVariable))"
        case .file(let path, let line): " (\(path)\(line.map { ", line \($0)" } ?? ""))"
        }
    }
}
