import Foundation
import ObjectStore
import TestSupport
import Testing

@testable import S3

@Suite("S3 clients")
struct ClientTests {
    @Test("real clients work as with S3", arguments: ["boto3", "aws", "rclone", "s3cmd"])
    func clients(name: String) async throws {
        let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let python = folder.appending(path: "../../.build-tools/s3/bin/python").standardized.path
        try #require(FileManager.default.isExecutableFile(atPath: python), "run scripts/setup test first")
        try await TestServer.run { server in
            let process = Process()
            process.executableURL = URL(filePath: python)
            process.arguments = [folder.appending(path: "clients.py").path, name, server.endpoint]
            process.environment = ProcessInfo.processInfo.environment.merging([
                "AWS_ACCESS_KEY_ID": TestServer.everything.id, "AWS_SECRET_ACCESS_KEY": TestServer.everything.secret,
            ]) { $1 }
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            let text = try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async {
                    do {
                        try process.run()
                        let data = output.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        continuation.resume(returning: String(decoding: data, as: UTF8.self))
                    } catch {
                        continuation.resume(throwing: error)
                    }
                }
            }
            #expect(process.terminationStatus == 0, "\(text)")
            // Every client removed what it made.
            #expect(try await server.store.statistics.contents == 0)
            let files = try FileManager.default.subpathsOfDirectory(atPath: server.store.directory + "/content")
            #expect(files.filter { $0.contains("/") }.isEmpty)
        }
    }
}
