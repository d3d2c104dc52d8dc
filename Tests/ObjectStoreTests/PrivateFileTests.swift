import Foundation
import ObjectStore
import TestSupport
import Testing

@Suite("Private files")
struct PrivateFileTests {
    @Test("a file is made once, for its owner alone, and replaced whole or not at all")
    func changes() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("secret")
            func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
            #expect(throws: (any Error).self) { try PrivateFile.stamp(of: path) }
            try PrivateFile.create(path, Array("first".utf8))
            let stamp = try PrivateFile.stamp(of: path)
            #expect(stamp.isPrivate)
            try PrivateFile.create(path, Array("second".utf8))
            #expect(try text() == "first" && PrivateFile.stamp(of: path) == stamp)
            struct Failed: Error {}
            #expect(throws: Failed.self) {
                try PrivateFile.replace(path, Array("third".utf8)) { _ in throw Failed() }
            }
            #expect(try text() == "first")
            try PrivateFile.replace(path, Array("again".utf8)) { draft throws in
                #expect(try PrivateFile.stamp(of: draft).isPrivate && text() == "first")
            }
            #expect(try text() == "again" && PrivateFile.stamp(of: path) != stamp)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["secret"])
        }
    }
}
