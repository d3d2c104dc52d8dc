import ArgumentParser
import Settings

struct ConfigCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads the settings as the programs do and says everything that is wrong.",
        discussion: """
            It needs no Redis and changes nothing. Unknown keys, values that are not allowed, missing or open secrets, folders \
            that can't be used, ports that are given twice. Ends with 1 if anything failed, with 2 after warnings alone.
            """)
    @Flag(help: "Show every setting as it holds and where it came from; what is in files of secrets is not shown.")
    var effective = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.complaining {
            let check = common.settingsCheck
            var findings = Findings()
            SettingsFindings.look(at: check, &findings)
            let values = effective ? check.values.map(EffectiveValue.init) : nil
            if common.json {
                try common.printJSON(
                    Report(level: findings.worst, file: check.file, findings: findings.all, settings: values))
            } else {
                write(values ?? [])
                print(check.file.map { "read from \($0)" } ?? "there is no file: defaults, variables and flags alone")
                findings.write(onlyProblems: false)
            }
            try findings.end()
        }
    }

    private func write(_ values: [EffectiveValue]) {
        guard !values.isEmpty else { return }
        var table = Table(["SETTING", "VALUE", "FROM"])
        for value in values { table.add([value.key, value.value.isEmpty ? "\"\"" : value.value, value.from]) }
        table.write()
        print("")
    }

    private struct Report: Encodable {
        let level: FindingLevel
        let file: String?
        let findings: [Finding]
        let settings: [EffectiveValue]?
    }
}

/// A setting as it holds.
private struct EffectiveValue: Encodable {
    let key: String
    let value: String
    /// `flag`, `environment`, `file` or `default`.
    let source: String
    /// The flag, the variable, or the file and line.
    let from: String

    init(_ value: SettingsCheck.Value) {
        key = value.definition.key
        self.value = value.text
        source = value.source.kind
        from =
            switch value.source {
            case .flag: value.definition.flag
            case .environment: value.definition.environmentVariable
            case .file(let path, let line): path + (line.map { ":\($0)" } ?? "")
            case .standard: "default"
            }
    }
}
