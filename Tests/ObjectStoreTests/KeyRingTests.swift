import Foundation
import ObjectStore
import TestSupport
import Testing

@Suite("Key ring")
struct KeyRingTests {
    @Test("the first start creates a file that only its owner can read, later ones read it")
    func creation() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            let first = try KeyRing(file: path)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let second = try KeyRing(file: path)
            #expect(second.kids == first.kids)
            let signature = first.signature(for: [1, 2, 3], purpose: "test")
            #expect(await second.verify(signature, for: [1, 2, 3], purpose: "test"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["keys.json"])
        }
    }

    @Test("many first starts at once agree on one key")
    func racingCreation() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            let kids = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<16 {
                    group.addTask { try KeyRing(file: path).kids }
                }
                return try await group.reduce(into: Set<[String]>()) { $0.insert($1) }
            }
            #expect(kids.count == 1)
        }
    }

    @Test("a file that others can read, or that is none of ours, stops the start")
    func refused() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            _ = try KeyRing(file: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            #expect(throws: KeyRingError.self) { try KeyRing(file: path) }
            let broken = directory.file("broken.json")
            _ = FileManager.default.createFile(
                atPath: broken, contents: Data("{}".utf8), attributes: [.posixPermissions: 0o600])
            #expect(throws: KeyRingError.self) { try KeyRing(file: broken) }
            #expect(throws: KeyRingError.self) { try KeyRing(keys: []) }
            #expect(throws: KeyRingError.self) { try SigningKey(kid: "a.b", secret: Array(repeating: 0, count: 32)) }
            #expect(throws: KeyRingError.self) { try SigningKey(kid: "a", secret: [1, 2, 3]) }
        }
    }

    @Test("after a rotation the new key signs, and an old one verifies until all that it signed has expired")
    func rotation() async throws {
        let ring = try KeyRing(keys: [.generate()])
        let start = Date()
        let old = ring.signature(for: "m".utf8, purpose: "test")
        try ring.rotate(validity: .seconds(60), now: start)
        let new = ring.signature(for: "m".utf8, purpose: "test")
        #expect(new.kid != old.kid)
        #expect(ring.keys.map(\.retiredAt) == [start, nil])
        #expect(await ring.verify(old, for: "m".utf8, purpose: "test"))
        #expect(await ring.verify(new, for: "m".utf8, purpose: "test"))
        // The first key's signatures live on for a while yet; its own end does not move with later rotations.
        try ring.rotate(validity: .seconds(3600), now: start.addingTimeInterval(59))
        #expect(await ring.verify(old, for: "m".utf8, purpose: "test"))
        try ring.rotate(validity: .seconds(3600), now: start.addingTimeInterval(63))
        #expect(await ring.verify(old, for: "m".utf8, purpose: "test") == false)
        #expect(await ring.verify(new, for: "m".utf8, purpose: "test"))
        #expect(ring.kids.count == 3)
    }

    @Test("a key that has become known is taken out at once")
    func dropping() async throws {
        try await withTemporaryDirectory { directory in
            let ring = try KeyRing(file: directory.file("keys.json"))
            let old = ring.signature(for: "m".utf8, purpose: "test")
            try ring.rotate(validity: .seconds(3600), dropsOld: true)
            #expect(ring.kids.count == 1)
            #expect(await ring.verify(old, for: "m".utf8, purpose: "test") == false)
        }
    }

    @Test("a rotation keeps the file private and the dates of its keys, and reads what an older build wrote")
    func file() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            let secret = Data(repeating: 7, count: 32).base64EncodedString()
            let before = Data("{\"keys\":[{\"kid\":\"k1\",\"secret\":\"\(secret)\"}]}".utf8)
            _ = FileManager.default.createFile(
                atPath: path, contents: before, attributes: [.posixPermissions: 0o600])
            let ring = try KeyRing(file: path)
            #expect(ring.keys.map(\.createdAt) == [nil])
            try ring.rotate(validity: .seconds(3600), now: Date(timeIntervalSince1970: 1000))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let again = try KeyRing(file: path)
            #expect(again.keys == ring.keys)
            #expect(again.keys[0].verifiesUntil == Date(timeIntervalSince1970: 4602))
            #expect(again.keys[1].createdAt == Date(timeIntervalSince1970: 1000))
        }
    }

    @Test("rotations at once each add their key, and a full ring refuses another")
    func manyRotations() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            _ = try KeyRing(file: path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try KeyRing(file: path).rotate(validity: .seconds(3600)) } }
                try await group.waitForAll()
            }
            let ring = try KeyRing(file: path)
            #expect(Set(ring.kids).count == 9)
            while ring.kids.count < KeyRing.maximumKeys { try ring.rotate(validity: .seconds(3600)) }
            #expect(throws: KeyRingError.self) { try ring.rotate(validity: .seconds(3600)) }
            #expect(ring.kids.count == KeyRing.maximumKeys)
            try ring.rotate(validity: .seconds(3600), dropsOld: true)
            #expect(ring.kids.count == 1)
        }
    }

    @Test("a process notices a rotation elsewhere: it signs with the new key, and no more takes one that was dropped")
    func noticing() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            let running = try KeyRing(file: path)
            let old = running.signature(for: "m".utf8, purpose: "test")
            let elsewhere = try KeyRing(file: path)
            try elsewhere.rotate(validity: .seconds(3600))
            let new = try #require(elsewhere.kids.last)
            try await eventually { running.signature(for: "m".utf8, purpose: "test").kid == new }
            #expect(await running.verify(old, for: "m".utf8, purpose: "test"))
            try elsewhere.rotate(validity: .seconds(3600), dropsOld: true)
            try await eventually { await !running.verify(old, for: "m".utf8, purpose: "test") }
            // What is no key ring is passed over, and what follows it is noticed.
            try "nonsense".write(toFile: path + ".new", atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + ".new")
            let good = try Data(contentsOf: URL(filePath: path))
            #expect(rename(path + ".new", path) == 0)
            let kids = running.kids
            let unknown = KeySignature(kid: "nobody", code: [])
            #expect(await running.verify(unknown, for: "m".utf8, purpose: "test") == false)
            #expect(running.kids == kids)
            _ = FileManager.default.createFile(
                atPath: path, contents: good, attributes: [.posixPermissions: 0o600])
            try elsewhere.reload()
            try elsewhere.rotate(validity: .seconds(3600))
            try await eventually { running.signature(for: "m".utf8, purpose: "test").kid == elsewhere.kids.last }
        }
    }

    @Test("an unknown key's name has the file read again, at most once a second")
    func reload() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            let verifier = try KeyRing(file: path)
            let signer = try KeyRing(file: path)
            try signer.rotate(validity: .seconds(60))
            let signature = signer.signature(for: "m".utf8, purpose: "test")
            #expect(await verifier.verify(signature, for: "m".utf8, purpose: "test"))
            #expect(verifier.kids == signer.kids)
            // A second rotation in the same second may be met by no further read, but is after a second.
            try signer.rotate(validity: .seconds(60))
            let later = signer.signature(for: "m".utf8, purpose: "test")
            try await eventually { await verifier.verify(later, for: "m".utf8, purpose: "test") }
        }
    }

    @Test("a signature is bound to its message, its purpose, its key and its length")
    func binding() async throws {
        let ring = try KeyRing(keys: [.generate(), .generate()])
        let signature = ring.signature(for: [1, 2], purpose: "test")
        #expect(await ring.verify(signature, for: [1, 2], purpose: "test"))
        #expect(await ring.verify(signature, for: [1, 3], purpose: "test") == false)
        #expect(await ring.verify(signature, for: [1, 2], purpose: "other") == false)
        let other = KeySignature(kid: ring.kids[0], code: signature.code)
        #expect(await ring.verify(other, for: [1, 2], purpose: "test") == false)
        let short = KeySignature(kid: signature.kid, code: Array(signature.code.dropLast()))
        #expect(await ring.verify(short, for: [1, 2], purpose: "test") == false)
        let empty = KeySignature(kid: signature.kid, code: [])
        #expect(await ring.verify(empty, for: [1, 2], purpose: "test") == false)
        let unknown = KeySignature(kid: "nobody", code: signature.code)
        #expect(await ring.verify(unknown, for: [1, 2], purpose: "test") == false)
    }
}
