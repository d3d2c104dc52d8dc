import Foundation
import GRDB
import Logging
import NIOCore
import TestSupport
import Testing

@testable import ObjectStore

/// Puts that die by SIGKILL in a process of their own: this test program, started again with an instruction.
@Suite("Crashes")
struct CrashTests {
    static let instruction = ProcessInfo.processInfo.environment["SUNSET_STORE_CHILD"]

    @Test("a put killed while its body streams leaves the old object, and the next open removes its file")
    func killedWhileStreaming() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            var store: DirectoryStore? = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.createBucket("goods")
            try await store?.put(bucket: "goods", key: "k", bytes: bytes("old"))
            let child = try start("stream", directory)
            try await waitForFile(directory.file("ready"))
            #expect(contentAndStaging(path).count == 2)

            // The child lives: an open beside it leaves its file alone.
            store = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.sweep()
            #expect(contentAndStaging(path).count == 2)

            kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
            #expect(contentAndStaging(path).count == 2)
            store = try await DirectoryStore(directory: path, logger: quietLogger)
            #expect(contentAndStaging(path).count == 1)
            #expect(try await store?.text("k") == "old")
        }
    }

    @Test(
        "a put killed around its commit leaves the old object or the new one and no other file",
        arguments: [("publish", "old"), ("commit", "new")])
    func killedAroundCommit(step: String, expected: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            var store: DirectoryStore? = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.createBucket("goods")
            try await store?.put(bucket: "goods", key: "k", bytes: bytes("old"))
            let child = try start(step, directory)
            child.waitUntilExit()
            #expect(child.terminationReason == .uncaughtSignal)
            // The old content, the new content, and the staging name that tells of it.
            #expect(contentAndStaging(path).count == 3)
            store = try await DirectoryStore(directory: path, logger: quietLogger)
            #expect(contentAndStaging(path).count == 1)
            #expect(try await store?.text("k") == expected)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/staging").count == 1)
        }
    }

    @Test("a store closed in order leaves no session behind")
    func orderlyClose() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            var store: DirectoryStore? = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.createBucket("goods")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/staging").count == 1)
            store = nil
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/staging").isEmpty)
        }
    }

    @Test("two processes put and read in one store at once")
    func twoProcesses() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            let store = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store.createBucket("goods")
            let child = try start("many", directory)
            for number in 0..<60 {
                try await store.put(bucket: "goods", key: "shared", bytes: bytes("parent \(number)"))
                try await store.put(bucket: "goods", key: "parent/\(number)", bytes: bytes("\(number)"))
                #expect(try await store.text("shared").isEmpty == false)
            }
            child.waitUntilExit()
            #expect(child.terminationStatus == 0)
            #expect(try await store.list(bucket: "goods", prefix: "parent/").objects.count == 60)
            #expect(try await store.list(bucket: "goods", prefix: "child/").objects.count == 60)
            #expect(contentAndStaging(path).count == 121)
            #expect(try await store.statistics.contents == 121)
        }
    }

    @Test("the index is written with a sync at every commit")
    func synchronousFull() async throws {
        try await withStore { store in
            let mode = try store.index.database.writeWithoutTransaction {
                try (Int.fetchOne($0, sql: "PRAGMA synchronous"), String.fetchOne($0, sql: "PRAGMA journal_mode"))
            }
            #expect(mode.0 == 2 && mode.1 == "wal")
        }
    }

    /// Not a test of its own: what the child processes do.
    @Test("child", .enabled(if: CrashTests.instruction != nil))
    func child() async throws {
        let directory = try #require(ProcessInfo.processInfo.environment["SUNSET_STORE_DIRECTORY"])
        let path = directory + "/store"
        switch Self.instruction {
        case "stream":
            let store = try await DirectoryStore(directory: path, logger: quietLogger)
            let stuck = body([ByteBuffer(repeating: 1, count: 1 << 20)]) {
                _ = FileManager.default.createFile(atPath: directory + "/ready", contents: nil)
                try await Task.sleep(for: .seconds(3600))
            }
            _ = try await store.put(bucket: "goods", key: "k", body: stuck, options: PutOptions())
        case "many":
            let store = try await DirectoryStore(directory: path, logger: quietLogger)
            for number in 0..<60 {
                try await store.put(bucket: "goods", key: "shared", bytes: bytes("child \(number)"))
                try await store.put(bucket: "goods", key: "child/\(number)", bytes: bytes("\(number)"))
            }
        case "publish", "commit":
            // The steps of `publish` in DirectoryStore+put, up to the one that the process does not survive.
            let (files, index) = try StoreFiles.open(directory: path) { try StoreIndex(path: $0.indexPath) }
            let writer = try ContentWriter(files: files)
            try writer.append([bytes("new")])
            let content = try writer.finish()
            try files.publish(content.name)
            if Self.instruction == "commit" {
                _ = try index.commit(content, bucket: "goods", key: "k", options: PutOptions())
            }
            kill(getpid(), SIGKILL)
        default:
            Issue.record("unknown instruction")
        }
    }

    private func start(_ instruction: String, _ directory: TemporaryDirectory) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--testing-library", "swift-testing", "--filter", "CrashTests/child"]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SUNSET_STORE_CHILD": instruction, "SUNSET_STORE_DIRECTORY": directory.path]
        ) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits for the child's sign; a minute stands for "never".
    private func waitForFile(_ path: String) async throws {
        for _ in 0..<6000 {
            if FileManager.default.fileExists(atPath: path) {
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestSupportError("the child did not get ready")
    }
}
