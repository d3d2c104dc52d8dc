public import Foundation

/// A configuration as it is read: every value with where it came from, and everything that is wrong.
public struct SettingsCheck: Sendable {
    /// One setting as it holds.
    public struct Value: Sendable {
        /// What it is.
        public let definition: SettingDefinition
        /// Its text.
        public let text: String
        /// Where the text came from.
        public let source: SettingSource
    }

    /// The file that was read, if there was one.
    public let file: String?
    /// Every setting, in the order of `Config/sunset.yaml`.
    public let values: [Value]
    /// One sentence for each thing that is wrong; the programs do not start with any.
    public let problems: [String]
    /// What the programs would start with; `nil` if something is wrong.
    public let settings: Settings?

    /// Reads a configuration as the programs do.
    ///
    /// - Parameters:
    ///   - file: the YAML file; `nil` takes `SUNSET_CONFIG`, else `Config/sunset.yaml` where it exists, else none.
    ///   - flags: `--key value` and `--key=value` arguments.
    ///   - environment: the environment's variables.
    public init(
        file: String? = nil,
        flags: [String] = [],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        let file = file ?? Settings.standardFile(environment: environment)
        let sources = SettingSources(file: file, flags: flags, environment: environment)
        let (read, problems) = SettingValues.read(sources)
        self.file = file
        self.problems = problems
        values = SettingDefinition.all.map {
            Value(definition: $0, text: read.text($0.key), source: sources.source(of: $0.key))
        }
        settings = problems.isEmpty ? Settings(read) : nil
    }
}
