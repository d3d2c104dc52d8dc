import ArgumentParser
import Assembly
import Dashboard
import Foundation
import JobQueue

struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A live screen of queues, workers, dead letters and periodic jobs, with keys to steer them.",
        discussion: """
            Keys: arrows or j/k move, tab changes the view, p pauses, r retries, s sorts, ? explains, q quits.
            Where standard output is no terminal, or with --once, it prints one look and ends. With --json it prints \
            one object a line, look after look. A look costs the queues, not their jobs. NO_COLOR is heeded.
            """)
    @Option(help: "Seconds between two looks, 0.2 to 3600.") var interval = 2.0
    @Flag(help: "Print one look and end.") var once = false
    @Option(help: "End after so many looks (with --json).") var count: Int?
    @Flag(help: "Refuse the keys that change something.") var readOnly = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (0.2...3_600).contains(interval) else {
            throw ValidationError("--interval is \(interval); it must be 0.2 to 3600 seconds.")
        }
        if let count, count < 1 { throw ValidationError("--count is \(count); it must be 1 or more.") }
        if count != nil, !common.json { throw ValidationError("--count goes with --json.") }
    }

    func run() async throws {
        let features = TerminalFeatures(environment: ProcessInfo.processInfo.environment)
        let isScreen = !common.json && !once && isatty(STDOUT_FILENO) == 1
        if isScreen, !features.movesCursor {
            throw ValidationError(
                "TERM is '\(ProcessInfo.processInfo.environment["TERM"] ?? "")', which can't show a screen; --once prints one look, --json many."
            )
        }
        try await common.withQueue { inspector, queue in
            let source = TopSource(inspector: inspector)
            let model = TopModel(
                title: try common.address(), interval: Int64(interval * 1_000), isReadOnly: readOnly)
            if isScreen {
                try await show(model, source, features)
            } else {
                try await print(model, source, features)
            }
        }
    }

    private func show(_ model: TopModel, _ source: TopSource, _ features: TerminalFeatures) async throws {
        let runner = TopRunner(source: source, features: features, interval: .seconds(interval))
        let signal = try await Terminal.run(features: features) { await runner.run(model, on: $0) }
        // What a shell says of a program that a signal ended; ^C is a way to quit a screen.
        if let signal, signal != SIGINT { throw ExitCode(128 + signal) }
    }

    private func print(_ model: TopModel, _ source: TopSource, _ features: TerminalFeatures) async throws {
        var model = model
        let looks = once || !common.json ? 1 : count ?? .max
        for look in 1...looks {
            model.tick(Int64(Date().timeIntervalSince1970 * 1_000))
            model.take(try await source.snapshot(minutes: model.minutesWanted, views: [.dead, .cron]))
            if common.json {
                try printLine(TopReport(model))
            } else {
                let width = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 100
                let lines = TopPrint(features: features).lines(model, columns: min(max(width, 40), 1_000))
                FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
            }
            if look < looks { try await Task.sleep(for: .seconds(interval)) }
        }
    }

    private func printLine(_ report: TopReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        var line = try encoder.encode(report)
        line.append(UInt8(ascii: "\n"))
        do {
            try FileHandle.standardOutput.write(contentsOf: line)
        } catch {
            // Whoever read has enough: `top --json | head -1`.
            throw ExitCode.success
        }
    }
}
