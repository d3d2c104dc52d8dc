import ArgumentParser
import Foundation
import ObjectStore
import Settings

struct StoreStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "What the object store holds, bucket by bucket.",
        discussion: "Counts every object: a second or two for each million. Run it on the host that has the store.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withStore { store in
            let report = StoreStatsReport(
                directory: store.directory, usage: try await store.usage(), lastScrub: try await store.lastScrub())
            if common.json { try common.printJSON(report) } else { report.write() }
        }
    }
}

struct StoreScrub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrub", abstract: "Compares every byte and row of the object store.",
        discussion: """
            Reads every file and compares it with the hash that was stored with it; finds files without a row and rows without a \
            file. The store goes on meanwhile, and what is being uploaded is no finding. Without --repair nothing is changed.
            With --repair a file that no row names is removed, unless most files are such: then the index is the suspect, and all \
            stay. A file whose bytes or size are wrong moves to quarantine/ in the store's folder, with a note of its keys; \
            downloads of those fail until a good copy is stored again, or put back in the file's old place.
            """)
    @Flag(help: "Remove files that no row names, and quarantine those whose bytes are wrong.") var repair = false
    @Flag(help: "Go on with a scrub that was cut, where there is one.") var resume = false
    @Option(help: ArgumentHelp("Read at most so many MiB a second.", valueName: "MiB/s")) var rate: Double?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        // More than an exabyte a second is no bound, and no number of bytes either.
        guard rate.map({ $0 > 0 && $0 <= 1e12 }) ?? true else {
            throw ValidationError("--rate is a number of MiB a second above 0, such as 50 or 0.5.")
        }
    }

    func run() async throws {
        try await common.withStore { store in
            let bar = ProgressBar(isShown: !common.json)
            let options = ScrubOptions(
                repairs: repair, bytesPerSecond: rate.map { max(1, Int64($0 * 1_048_576)) }, resumes: resume)
            let report: ScrubReport
            do {
                report = try await store.scrub(options) { progress in
                    let (done, total) = (progress.bytes >> 20, progress.totalBytes >> 20)
                    bar.show(done: Int(done), of: Int(max(done, total)), "MiB")
                }
                bar.end()
            } catch let error as ObjectStoreError where error.code == .busy {
                throw CommonOptions.refuse("\(error.message); store stats shows how the last one ended")
            }
            let shown = StoreScrubReport(report)
            if common.json { try common.printJSON(shown) } else { shown.write() }
            guard report.isClean else { throw ExitCode(1) }
        }
    }
}

extension CommonOptions {
    /// Opens the object store alone: neither Redis nor a key is needed.
    ///
    /// Only a program that serves makes one.
    func withStore(_ body: (DirectoryStore) async throws -> Void) async throws {
        try await withSettings { settings in
            let path = settings.storeDirectory
            guard FileManager.default.fileExists(atPath: path + "/index.sqlite") else {
                Self.complain("there is no store at \(path); the first start of sunset-api makes it (store.directory)")
                throw ExitCode(69)
            }
            try await body(try await DirectoryStore(directory: path, threads: 2, logger: Self.logger))
        }
    }
}

/// What `store stats` says.
private struct StoreStatsReport: Encodable {
    let directory: String
    let usage: StoreUsage
    let lastScrub: ScrubReport?

    private enum CodingKeys: String, CodingKey {
        case directory, lastScrub
    }

    /// The figures stand side by side, whatever type holds them.
    func encode(to encoder: any Encoder) throws {
        try usage.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(directory, forKey: .directory)
        try container.encodeIfPresent(lastScrub.map(StoreScrubReport.init), forKey: .lastScrub)
    }

    func write() {
        func bytes(_ count: Int64) -> String { Show.bytes(UInt64(max(0, count))) }
        print(directory)
        if !usage.buckets.isEmpty {
            var table = Table(["BUCKET", "OBJECTS", "SIZE", "UPLOADS", "THEIR SIZE"], left: ["BUCKET"])
            for bucket in usage.buckets {
                table.add([
                    bucket.name, "\(bucket.objects)", bytes(bucket.bytes), "\(bucket.uploads)",
                    bytes(bucket.uploadBytes),
                ])
            }
            table.write()
            print("")
        }
        let rows = [
            ("objects", "\(usage.objects), \(bytes(usage.objectBytes))"),
            ("stored as", "\(Show.count(Int(usage.contents), "file")), \(bytes(usage.contentBytes))"),
            (
                "shared",
                "\(Show.count(Int(usage.sharedContents), "file")) of several objects, which saves \(bytes(usage.savedBytes))"
            ),
            (
                "under way",
                "\(Show.count(Int(usage.uploads), "upload")), \(Show.count(Int(usage.parts), "part")), \(bytes(usage.partBytes))"
            ),
            ("to be removed", Show.count(Int(usage.garbage), "file")),
            ("quarantined", "\(Show.count(Int(usage.quarantined), "file")), \(bytes(usage.quarantinedBytes))"),
            ("last scrub", lastScrub.map { "\(Show.time($0.endedAt)): \(StoreScrubReport.summary($0))" } ?? "never"),
        ]
        for (name, value) in rows {
            print(name + String(repeating: " ", count: 15 - name.count) + value)
        }
    }
}

/// What `store scrub` says.
private struct StoreScrubReport: Encodable {
    let report: ScrubReport

    init(_ report: ScrubReport) {
        self.report = report
    }

    private enum CodingKeys: String, CodingKey {
        case clean, problems
    }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(report.isClean, forKey: .clean)
        try container.encode(report.problems, forKey: .problems)
    }

    func write() {
        for finding in report.findings {
            let what = finding.file ?? "index"
            let size = finding.bytes.map { " (\(Show.bytes(UInt64(max(0, $0)))))" } ?? ""
            let action =
                switch finding.action {
                case .none: ""
                case .removed: " – removed"
                case .quarantined: " – moved to quarantine/"
                }
            let line = "\(finding.kind.rawValue.uppercased())  \(what)\(size): \(finding.detail)\(action)"
            print(Show.line(line, most: 600))
            for object in finding.objects { print(Show.line("    \(object)", most: 1200)) }
            let more = finding.objectCount - Int64(finding.objects.count)
            if more > 0 { print("    … and \(Show.count(Int(more), "more object"))") }
            if let part = finding.part { print("    part of an upload: \(part)") }
        }
        let found = report.counts.values.reduce(0, +)
        if found > report.findings.count { print("… and \(found - Int64(report.findings.count)) more") }
        if report.keepsOrphans {
            print("Most files have no row: was the index lost, or an old one put back? No orphan was removed.")
        }
        let milliseconds = (report.endedAt ?? report.startedAt) - report.startedAt
        print(
            "\(Show.count(Int(report.contents + report.parts), "file")) compared, "
                + "\(Show.bytes(UInt64(report.bytes))) in \(Show.span(milliseconds)); "
                + "\(Show.count(Int(report.files), "name")) looked up")
        print("the store is \(Self.summary(report))")
    }

    static func summary(_ report: ScrubReport) -> String {
        let kinds = ScrubFinding.Kind.allCases.compactMap { kind in
            report.counts[kind.rawValue].map { "\($0) \(kind.rawValue)" }
        }
        let actions = [ScrubFinding.Action.removed, .quarantined].compactMap { action in
            report.actions[action.rawValue].map { "\($0) \(action.rawValue)" }
        }
        guard !kinds.isEmpty else { return "clean" }
        let done = actions.isEmpty ? "" : " (\(actions.joined(separator: ", ")))"
        let damaged = report.counts.contains { $0.key != ScrubFinding.Kind.orphan.rawValue && $0.value > 0 }
        return (damaged ? "DAMAGED" : report.isClean ? "clean again" : "NOT CLEAN")
            + ": \(kinds.joined(separator: ", "))\(done)"
    }
}
