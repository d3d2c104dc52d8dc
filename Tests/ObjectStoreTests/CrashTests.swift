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

    @Test(
        "a part killed around its commit is there or not, and an upload goes on after a crash",
        arguments: [("part-publish", 1), ("part-commit", 2)])
    func killedAroundPart(step: String, parts: Int) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            var store: DirectoryStore? = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.createBucket("goods")
            let upload = try #require(
                try await store?.createUpload(bucket: "goods", key: "k", options: UploadOptions()))
            let first = try #require(try await store?.putPart(of: upload.name, number: 1, bytes: bytes("old")))
            try upload.name.id.write(toFile: directory.file("upload"), atomically: true, encoding: .utf8)
            let child = try start(step, directory)
            child.waitUntilExit()
            #expect(child.terminationReason == .uncaughtSignal)
            store = try await DirectoryStore(directory: path, logger: quietLogger)
            #expect(contentAndStaging(path).count == parts)
            let listed = try await store?.parts(of: upload.name, after: 0, limit: 10).parts
            #expect(listed?.map(\.number) == Array(1...parts))
            let named = [CompletedPart(number: 1, etag: first.etag)]
            _ = try await store?.completeUpload(upload.name, parts: named, options: CompleteOptions())
            #expect(try await store?.text("k") == "old")
            #expect(contentAndStaging(path).count == 1)
        }
    }

    @Test(
        "an upload killed around its completion is under way with its parts, or the object", arguments: [false, true])
    func killedAroundCompletion(commits: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            var store: DirectoryStore? = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.createBucket("goods")
            try await store?.put(bucket: "goods", key: "k", bytes: bytes("old"))
            let upload = try #require(
                try await store?.createUpload(bucket: "goods", key: "k", options: UploadOptions()))
            let part = try #require(try await store?.putPart(of: upload.name, number: 1, bytes: bytes("new")))
            try upload.name.id.write(toFile: directory.file("upload"), atomically: true, encoding: .utf8)
            let child = try start(commits ? "complete-commit" : "complete-publish", directory)
            child.waitUntilExit()
            #expect(child.terminationReason == .uncaughtSignal)
            store = try await DirectoryStore(directory: path, logger: quietLogger)
            #expect(contentAndStaging(path).count == (commits ? 1 : 2))
            #expect(try await store?.text("k") == (commits ? "new" : "old"))
            // Whoever got no answer asks again, and gets the same one either way.
            let named = [CompletedPart(number: 1, etag: part.etag)]
            let info = try await store?.completeUpload(upload.name, parts: named, options: CompleteOptions())
            #expect(info?.etag.hasSuffix("-1") == true)
            #expect(try await store?.text("k") == "new")
            #expect(contentAndStaging(path).count == 1)
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
                let object = NewObject(content: content, attributes: ObjectAttributes())
                _ = try index.commit(object, bucket: "goods", key: "k", condition: WriteCondition())
            }
            kill(getpid(), SIGKILL)
        case "part-publish", "part-commit", "complete-publish", "complete-commit":
            let (files, index) = try StoreFiles.open(directory: path) { try StoreIndex(path: $0.indexPath) }
            let id = try String(contentsOfFile: directory + "/upload", encoding: .utf8)
            let upload = UploadName(bucket: "goods", key: "k", id: id)
            let writer = try ContentWriter(files: files)
            try writer.append([bytes("new")])
            let content = try writer.finish()
            try files.publish(content.name)
            if Self.instruction == "part-commit" {
                _ = try index.commitPart(content, of: upload, number: 2)
            }
            if Self.instruction == "complete-commit" {
                let named = [CompletedPart(number: 1, etag: content.etag)]
                guard case .assemble(let parts, let row, let etag, _) = try index.plan(upload, named, WriteCondition())
                else { return }
                var object = NewObject(content: content, attributes: row.attributes)
                object.etag = etag
                _ = try index.complete(upload, parts, with: object, WriteCondition())
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
