import Foundation
import JobQueue
import TestSupport
import Testing

/// What docs/job-queue.md says is held to what there is.
@Suite("The queue's documentation")
struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("it begins with the example program, to the letter, of at most 40 lines")
    func program() throws {
        let document = try text("docs/job-queue.md")
        let rest = try #require(document.split(separator: "```swift\n", maxSplits: 1).last)
        let block = try #require(rest.split(separator: "```").first)
        let program = try text("Tests/QueueExample/main.swift")
        #expect(String(block) == program)
        #expect(program.split(separator: "\n", omittingEmptySubsequences: false).count <= 41)
    }

    @Test("every test that it names is there")
    func tests() throws {
        let prose = try text("docs/job-queue.md").split(separator: "```", omittingEmptySubsequences: false)
            .enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
        let named = Set(prose.matches(of: /"([^"]+)"/).map { $0.1.replacing(/\s+/, with: " ") })
        let folder = Self.root.appendingPathComponent("Tests").resolvingSymlinksInPath().path
        let files = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
        var sources = ""
        for file in files where file.hasSuffix(".swift") { sources += try text("Tests/\(file)") }
        let missing = named.filter { !sources.contains("\"\($0)\"") }
        #expect(named.count > 30 && missing.isEmpty, "\(missing.sorted())")
    }

    @Test("the example program enqueues, works and ends")
    func runs() async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("queue-example")
        try await QueueHarness.run { harness in
            let output = harness.server.directory.file("output")
            let program = try ChildProcess(executable.path, [harness.server.socketPath], output: output)
            try await eventually("it ends") { !program.isRunning }
            #expect(program.wait() == 0)
            #expect(try String(contentsOfFile: output, encoding: .utf8) == "Hello, Ada! (attempt 1)\nGoodbye!\n")
            let queue = JobQueue(redis: harness.client, namespace: try Namespace("example"), logger: .quiet)
            let status = try await QueueInspector(queue: queue).queue(named: "greetings")
            #expect(status.completed == 2 && status.running == 0 && status.depth == 0)
        }
    }
}
