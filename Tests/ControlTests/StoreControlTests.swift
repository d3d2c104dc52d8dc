import Foundation
import NIOCore
import ObjectStore
import TestSupport
import Testing

@Suite("sunsetctl: store")
struct StoreControlTests {
    @Test("stats counts objects, shared content and uploads, bucket by bucket; without a store it says so")
    func stats() async throws {
        try await ControlHarness.run { harness in
            let none = try await harness.ctl("store", "stats")
            #expect(none.status == 69 && none.errors.contains("there is no store at \(harness.folder.file("store"))"))
            #expect(!FileManager.default.fileExists(atPath: harness.folder.file("store")))
            let store = try await seed(harness)
            let upload = try await store.createUpload(bucket: "goods", key: "large", options: UploadOptions())
            try await store.putPart(of: upload.name, number: 1, bytes: ByteBuffer(string: "123"))
            let said = try await harness.ctl("store", "stats")
            #expect(said.status == 0, "\(said.errors)")
            #expect(said.output.contains("objects        3, 37 B"))
            #expect(said.output.contains("shared         1 file of several objects, which saves 16 B"))
            #expect(said.output.contains("last scrub     never"))
            let json = try await harness.ctl("store", "stats", "--json").object()
            #expect(json["content_bytes"] as? Int == 21 && json["part_bytes"] as? Int == 3)
            let buckets = try #require(json["buckets"] as? [[String: Any]])
            #expect(buckets.map { $0["name"] as? String } == ["goods", "media"])
            #expect(buckets.first?["objects"] as? Int == 3 && buckets.first?["uploads"] as? Int == 1)
        }
    }

    @Test("scrub ends with 0 where all is right, and with 1 and the keys where a file is rotten")
    func scrub() async throws {
        try await ControlHarness.run { harness in
            let store = try await seed(harness)
            let clean = try await harness.ctl("store", "scrub")
            #expect(clean.status == 0, "\(clean.errors)")
            #expect(clean.output.hasSuffix("the store is clean\n"))
            let file = try await store.withLocalFile(bucket: "goods", key: "book") { path in
                let number = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
                return try contentFile(harness.folder.file("store"), number)
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            try Data("once upon a tide".utf8).write(to: URL(filePath: file))

            let found = try await harness.ctl("store", "scrub", "--rate", "50")
            #expect(found.status == 1)
            #expect(found.output.contains("ROTTEN  content/") && found.output.contains("\n    goods/copy\n"))
            #expect(found.output.hasSuffix("the store is DAMAGED: 1 rotten\n"))
            let json = try await harness.ctl("store", "scrub", "--repair", "--json")
            #expect(json.status == 1)
            let report = try json.object()
            #expect(report["clean"] as? Bool == false && report["problems"] as? Int == 1)
            let finding = try #require((report["findings"] as? [[String: Any]])?.first)
            #expect(finding["objects"] as? [String] == ["goods/book", "goods/copy"])
            #expect(finding["action"] as? String == "quarantined")
            let stats = try await harness.ctl("store", "stats")
            #expect(stats.output.contains("quarantined    1 file, 16 B"))
            #expect(stats.output.contains("DAMAGED: 1 rotten (1 quarantined)"))
            #expect(try await harness.ctl("store", "scrub", "--rate", "0").status == 64)
        }
    }

    private func seed(_ harness: ControlHarness) async throws -> DirectoryStore {
        let store = try await DirectoryStore(directory: harness.folder.file("store"), logger: .quiet)
        for bucket in ["goods", "media"] { try await store.createBucket(bucket) }
        try await store.put(bucket: "goods", key: "book", bytes: ByteBuffer(string: "once upon a time"))
        try await store.put(bucket: "goods", key: "song", bytes: ByteBuffer(string: "lalal"))
        try await store.copy(
            from: ObjectName(bucket: "goods", key: "book"), to: ObjectName(bucket: "goods", key: "copy"))
        return store
    }

    /// The content file that is this inode.
    private func contentFile(_ store: String, _ number: Int?) throws -> String {
        let names = FileManager.default.enumerator(atPath: store + "/content")?.compactMap { $0 as? String } ?? []
        return try #require(
            names.map { "\(store)/content/\($0)" }.first { path in
                let found = try? FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
                return found != nil && found == number
            })
    }
}
