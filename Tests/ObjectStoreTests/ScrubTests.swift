import Foundation
import GRDB
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import ObjectStore

@Suite("Scrub")
struct ScrubTests {
    @Test("a store in order is clean: objects, copies and parts are all compared")
    func clean() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "a", bytes: bytes("one"))
            try await store.put(bucket: "goods", key: "b", bytes: ByteBuffer(repeating: 7, count: 5 << 20))
            try await store.copy(from: ObjectName(bucket: "goods", key: "a"), to: ObjectName(bucket: "goods", key: "c"))
            let upload = try await store.createUpload(bucket: "goods", key: "d", options: UploadOptions())
            try await store.putPart(of: upload.name, number: 1, bytes: bytes("part"))
            let report = try await store.scrub()
            #expect(report.isClean && report.findings.isEmpty && report.endedAt != nil)
            #expect(report.contents == 2 && report.parts == 1 && report.files == 3)
            #expect(report.bytes == 3 + 5 << 20 + 4)
            #expect(try await store.lastScrub() == report)
            #expect(try await store.scrubUnderWay() == nil)
        }
    }

    @Test("rotten bytes are found with all keys that they hit; repair quarantines them, and a new put makes them good")
    func rot() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "a", bytes: ByteBuffer(repeating: 7, count: 5 << 20))
            try await store.copy(from: ObjectName(bucket: "goods", key: "a"), to: ObjectName(bucket: "goods", key: "c"))
            try await store.put(bucket: "goods", key: "other", bytes: bytes("other"))
            let name = try store.content("a")
            try flip(store, name, at: 4 << 20)
            let found = try #require(try await store.scrub().findings.first)
            #expect(found.kind == .rotten && found.file == "content/\(name.prefix(2))/\(name)")
            #expect(found.objects == ["goods/a", "goods/c"] && found.objectCount == 2 && found.action == .none)
            // Nothing was changed, so a second look finds the same.
            let repaired = try await store.scrub(ScrubOptions(repairs: true))
            #expect(repaired.findings.map(\.kind) == [.rotten] && repaired.findings.first?.action == .quarantined)
            #expect(!repaired.isClean)
            let quarantine = store.directory + "/quarantine"
            #expect(try FileManager.default.contentsOfDirectory(atPath: quarantine).sorted() == [name, name + ".json"])
            let note = try String(contentsOfFile: "\(quarantine)/\(name).json", encoding: .utf8)
            #expect(note.contains(#""goods/a","#) && note.contains(#""goods/c""#))
            // Never wrong bytes: an error, until they are there again.
            #expect(await code { try await store.get(bucket: "goods", key: "a") } == .storage)
            let missing = try await store.scrub(ScrubOptions(repairs: true)).findings
            #expect(missing.map(\.kind) == [.missing])
            #expect(missing.first?.detail.contains("quarantine/\(name)") == true)
            for key in ["a", "c"] { try await store.put(bucket: "goods", key: key, bytes: bytes("good")) }
            #expect(try await store.scrub().isClean)
            #expect(try await store.usage().quarantined == 1)
        }
    }

    @Test("a missing file, another size and a rotten part are told apart, and rows are never dropped")
    func otherDamage() async throws {
        try await withStore { store in
            for key in ["gone", "short"] { try await store.put(bucket: "goods", key: key, bytes: bytes("12345")) }
            let upload = try await store.createUpload(bucket: "goods", key: "up", options: UploadOptions())
            try await store.putPart(of: upload.name, number: 7, bytes: bytes("part"))
            try store.files.removeContent(store.content("gone"))
            let short = try store.files.contentPath(store.content("short"))
            chmod(short, 0o600)
            #expect(truncate(short, 3) == 0)
            let part = try #require(try store.index.parts(after: "", limit: 9).first)
            try flip(store, part.name, at: 1)
            let report = try await store.scrub(ScrubOptions(repairs: true))
            let byKind = Dictionary(uniqueKeysWithValues: report.findings.map { ($0.kind, $0) })
            #expect(Set(byKind.keys) == [.missing, .wrongSize, .rotten])
            #expect(byKind[.missing]?.objects == ["goods/gone"] && byKind[.missing]?.action == ScrubFinding.Action.none)
            #expect(byKind[.wrongSize]?.detail == "3 bytes instead of 5")
            #expect(byKind[.rotten]?.part == "\(upload.name.id)/7" && byKind[.rotten]?.action == .quarantined)
            #expect(try await store.list(bucket: "goods").objects.count == 2)
            #expect(try await store.parts(of: upload.name, after: 0, limit: 9).parts.count == 1)
        }
    }

    @Test("a file that no row names is an orphan, and goes with repair; what no store put there stays")
    func orphans() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "a", bytes: bytes("one"))
            let orphan = store.files.contentPath(String(repeating: "ab", count: 16))
            let foreign = store.directory + "/content/ab/README"
            for path in [orphan, foreign] { try Data("12345".utf8).write(to: URL(filePath: path)) }
            #expect(mkdir(store.directory + "/content/lost+found", 0o700) == 0)
            let found = try await store.scrub()
            #expect(found.counts == ["orphan": 1, "foreign": 2] && found.problems == 3)
            #expect(FileManager.default.fileExists(atPath: orphan))
            let repaired = try await store.scrub(ScrubOptions(repairs: true))
            #expect(repaired.actions == ["removed": 1] && repaired.bytesRemoved == 5 && repaired.problems == 2)
            #expect(!FileManager.default.fileExists(atPath: orphan) && FileManager.default.fileExists(atPath: foreign))
        }
    }

    @Test("a file that is being written is no orphan, before its row or after")
    func underWay() async throws {
        try await withStore { store in
            // Another process between the steps of a put.
            let (files, _) = try StoreFiles.open(directory: store.directory) { _ in }
            let writer = try ContentWriter(files: files)
            try writer.append([bytes("new")])
            #expect(try await store.scrub(ScrubOptions(repairs: true)).isClean)
            let content = try writer.finish()
            try files.publish(content.name)
            let report = try await store.scrub(ScrubOptions(repairs: true))
            #expect(report.isClean && report.files == 1)
            let object = NewObject(content: content, attributes: ObjectAttributes())
            _ = try store.index.commit(object, bucket: "goods", key: "k", condition: WriteCondition())
            writer.discard()
            files.close()
            #expect(try await store.scrub(ScrubOptions(repairs: true)).isClean)
            #expect(try await store.text("k") == "new")
        }
    }

    @Test("where most files have no row the index is the suspect, and repair removes nothing")
    func lostIndex() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("store")
            var store: DirectoryStore? = try await DirectoryStore(directory: path, logger: quietLogger)
            try await store?.createBucket("goods")
            for number in 0..<120 { try await store?.put(bucket: "goods", key: "\(number)", bytes: bytes("x")) }
            store = nil
            for suffix in ["", "-wal", "-shm"] { unlink(path + "/index.sqlite" + suffix) }
            let empty = try await DirectoryStore(directory: path, logger: quietLogger)
            let report = try await empty.scrub(ScrubOptions(repairs: true))
            #expect(report.keepsOrphans && report.counts == ["orphan": 120] && report.actions.isEmpty)
            #expect(report.findings.count == 100)
            #expect(contentAndStaging(path).count == 120)
        }
    }

    @Test("an index that contradicts itself is found, also where listings would not show it")
    func contradictions() async throws {
        try await withStore { store in
            for key in ["a", "b", "c"] { try await store.put(bucket: "goods", key: key, bytes: bytes(key)) }
            try await store.index.database.write { database in
                try database.execute(sql: "UPDATE content SET refs = 5 WHERE id = 1")
                try database.execute(sql: "UPDATE object SET content = 77 WHERE key = ?", arguments: [Data("b".utf8)])
                try database.execute(sql: "INSERT INTO garbage SELECT name FROM content WHERE id = 3")
                try database.execute(sql: "UPDATE total SET contents = 9")
                try database.execute(
                    sql: "INSERT INTO part VALUES ('no upload', 1, ?, 1, '', NULL, 0)",
                    arguments: [String(repeating: "0", count: 32)])
            }
            let details = try store.index.contradictions().map(\.detail)
            #expect(details.contains("an object has no content: bucket goods of \"b\""))
            #expect(details.contains { $0.hasSuffix("is counted 5 times, but named by 1 objects") })
            #expect(details.contains { $0.hasSuffix("is counted 1 times, but named by 0 objects") })
            #expect(details.contains { $0.hasPrefix("a file is named by a row and by the list of garbage") })
            #expect(details.contains("the totals are wrong"))
            #expect(details.contains("part 1 belongs to no upload under way: no upload"))
            #expect(details.count == 6)
        }
    }

    @Test("a scrub that is cut goes on where it was, and finds each thing once")
    func resuming() async throws {
        try await withStore { store in
            for number in 0..<150 { try await store.put(bucket: "goods", key: "\(number)", bytes: bytes("\(number)")) }
            for key in ["3", "77", "149"] { try flip(store, try store.content(key), at: 0) }
            var turns = 0
            var report = try await store.scrub(ScrubOptions(turn: .zero))
            while report.endedAt == nil, turns < 1000 {
                #expect(try await store.scrubUnderWay() == report)
                report = try await store.scrub(ScrubOptions(resumes: true, turn: .zero))
                turns += 1
            }
            #expect(turns > 256)
            #expect(report.contents == 150 && report.files == 150 && report.counts == ["rotten": 3])
            #expect(Set(report.findings.flatMap(\.objects)) == ["goods/3", "goods/77", "goods/149"])
            #expect(try await store.scrubUnderWay() == nil)
        }
    }

    @Test("a cancelled scrub ends at once, and can be resumed")
    func cancelling() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: ByteBuffer(repeating: 1, count: 9 << 20))
            let task = Task {
                // A rate at which it would take days.
                try await store.scrub(ScrubOptions(bytesPerSecond: 100)) { _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await store.scrubUnderWay()?.endedAt == nil)
            #expect(try await store.lastScrub() == nil)
            #expect(try await store.scrub(ScrubOptions(resumes: true)).contents == 1)
        }
    }

    @Test("two scrubs at once are refused")
    func busy() async throws {
        try await withStore { store in
            let turn = try #require(try store.files.takeScrubTurn())
            #expect(await code { try await store.scrub() } == .busy)
            close(turn)
            #expect(try await store.scrub().isClean)
        }
    }

    @Test("a scrub finds nothing in a store that is written, replaced and deleted meanwhile")
    func besideWriters() async throws {
        try await withStore { store in
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        var number = 0
                        while !isOver.isSet {
                            let key = "\(writer)/\(number % 7)"
                            try await store.put(bucket: "goods", key: key, bytes: bytes("\(writer) \(number)"))
                            let name = ObjectName(bucket: "goods", key: key)
                            try await store.copy(from: name, to: ObjectName(bucket: "goods", key: key + "/copy"))
                            let upload = try await store.createUpload(
                                bucket: "goods", key: key, options: UploadOptions())
                            let part = try await store.putPart(of: upload.name, number: 1, bytes: bytes("part"))
                            if number.isMultiple(of: 2) {
                                let named = [CompletedPart(number: 1, etag: part.etag)]
                                _ = try await store.completeUpload(
                                    upload.name, parts: named, options: CompleteOptions())
                            } else {
                                try await store.abortUpload(upload.name)
                                try await store.delete(bucket: "goods", keys: [key, key + "/copy"])
                            }
                            number += 1
                        }
                    }
                }
                var seen: Int64 = 0
                for _ in 0..<20 {
                    let report = try await store.scrub(ScrubOptions(repairs: true))
                    #expect(report.findings == [])
                    seen += report.contents
                }
                isOver.set()
                try await group.waitForAll()
                #expect(seen > 0)
            }
            #expect(try await store.scrub().findings == [])
        }
    }

    @Test("the pace is the rate's on the average, and time without reading is not made up for")
    func pacing() {
        let start = ContinuousClock.now
        var pacer = ScrubPacer(bytesPerSecond: 1000, now: start)
        // Read in no time: the whole cost is waited for.
        #expect(pacer.wait(after: 500, now: start) == .milliseconds(500))
        // 300 ms of reading count towards the cost.
        #expect(pacer.wait(after: 500, now: start + .milliseconds(800)) == .milliseconds(200))
        // A slow disk is not waited for, and gives no credit for later.
        #expect(pacer.wait(after: 500, now: start + .seconds(60)) == .zero)
        #expect(pacer.wait(after: 500, now: start + .seconds(60)) == .milliseconds(500))
        var free = ScrubPacer(bytesPerSecond: nil)
        #expect(free.wait(after: .max) == .zero)
    }

    /// Changes one bit of a content file.
    private func flip(_ store: DirectoryStore, _ name: String, at offset: Int) throws {
        let path = store.files.contentPath(name)
        chmod(path, 0o600)
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.seek(toOffset: UInt64(offset))
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

extension DirectoryStore {
    /// The name of an object's content file.
    fileprivate func content(_ key: String) throws -> String {
        try index.entry(bucket: "goods", key: key).content
    }
}
