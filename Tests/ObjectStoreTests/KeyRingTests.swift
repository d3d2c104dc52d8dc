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

    @Test("after a rotation the new key signs, the old ones verify until they are dropped")
    func rotation() async throws {
        let ring = try KeyRing(keys: [.generate()])
        let old = ring.signature(for: "m".utf8, purpose: "test")
        try ring.rotate(keeping: 1)
        let new = ring.signature(for: "m".utf8, purpose: "test")
        #expect(new.kid != old.kid)
        #expect(await ring.verify(old, for: "m".utf8, purpose: "test"))
        #expect(await ring.verify(new, for: "m".utf8, purpose: "test"))
        try ring.rotate(keeping: 1)
        #expect(await ring.verify(old, for: "m".utf8, purpose: "test") == false)
        #expect(await ring.verify(new, for: "m".utf8, purpose: "test"))
    }

    @Test("a process that meets a key of a rotation elsewhere reads the file again, at most once a second")
    func reload() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("keys.json")
            let verifier = try KeyRing(file: path)
            let signer = try KeyRing(file: path)
            try signer.rotate()
            let signature = signer.signature(for: "m".utf8, purpose: "test")
            #expect(await verifier.verify(signature, for: "m".utf8, purpose: "test"))
            #expect(verifier.kids == signer.kids)
            // A second rotation in the same second is met by no further read.
            try signer.rotate()
            let later = signer.signature(for: "m".utf8, purpose: "test")
            let before = ContinuousClock.now
            let accepted = await verifier.verify(later, for: "m".utf8, purpose: "test")
            #expect(!accepted || ContinuousClock.now - before > .milliseconds(500))
            try verifier.reload()
            #expect(await verifier.verify(later, for: "m".utf8, purpose: "test"))
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
