import Foundation
import TestSupport
import Testing
import Yams

struct DocsPageTests {
    private static let node = "/usr/bin/node"

    /// The page reads the contract with a few lines of its own, which know only the YAML that it is written in today.
    @Test(
        "the page's script reads the contract as a YAML parser does",
        .enabled(if: FileManager.default.isExecutableFile(atPath: node), "needs Node"))
    func parser() async throws {
        let directory = try TemporaryDirectory()
        let resources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/API/Resources").standardizedFileURL.path
        let script = """
            const fs = require("fs");
            const parse = require(process.argv[1] + "/docs.js");
            const text = fs.readFileSync(process.argv[1] + "/openapi.yaml", "utf8");
            fs.writeFileSync(process.argv[2], JSON.stringify(parse(text)));
            """
        let output = directory.file("contract.json")
        try await run(["-e", script, resources, output])
        let read = try JSONDecoder().decode(JSON.self, from: try Data(contentsOf: URL(fileURLWithPath: output)))
        #expect(read == (try YAMLDecoder().decode(JSON.self, from: try Contract.text)))
    }

    private func run(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.node)
        process.arguments = arguments
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            continuation.yield(process.terminationStatus)
            continuation.finish()
        }
        try process.run()
        let status = await ended.first { _ in true }
        #expect(status == 0)
    }
}
