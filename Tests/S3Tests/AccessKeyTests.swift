import Foundation
import TestSupport
import Testing

@testable import S3

@Suite("Access keys")
struct AccessKeyTests {
    @Test("a line gives everything, or a bucket, or a prefix, and lines add up")
    func parse() throws {
        let keys = try AccessKeyFile.parse(
            """
            # operators
            AKALL 0123456789abcdef

            AKONE 0123456789abcdef ro goods
              AKONE   0123456789abcdef rw goods/in/a b
            """.replacing("a b", with: "a"))
        #expect(try #require(keys["AKALL"]).grants == [AccessGrant()])
        let one = try #require(keys["AKONE"])
        #expect(one.allows(.read, bucket: "goods", key: "x") && !one.allows(.readWrite, bucket: "goods", key: "x"))
        #expect(one.allows(.readWrite, bucket: "goods", key: "in/a/b") && !one.allows(.read, bucket: "other", key: "x"))
        #expect(!one.administers(bucket: "goods"))
    }

    @Test(
        "a line that is wrong says which, and what is allowed",
        arguments: [
            "AK", "AKONE short", "AKONE 0123456789abcdef rx", "AKONE 0123456789abcdef rw a b",
            "AKONE 0123456789abcdef\nAKONE fedcba9876543210",
        ])
    func wrong(text: String) {
        #expect(throws: AccessKeyFile.Failure.self) { try AccessKeyFile.parse("\n" + text) }
    }

    @Test("a missing file is made with one key, a changed one is read again, one that others can read is refused")
    func file() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("secrets/keys")
            let keys = try AccessKeyFile(path: path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let id = try #require(try AccessKeyFile.parse(text).keys.first)
            #expect(try await keys.accessKey(id: id)?.grants == [AccessGrant()])
            #expect(try await AccessKeyFile(path: path).accessKey(id: id) != nil)
            try "AKNEW 0123456789abcdef\n".write(toFile: path, atomically: false, encoding: .utf8)
            #expect(try await keys.accessKey(id: id) == nil)
            #expect(try await keys.accessKey(id: "AKNEW") != nil)
            chmod(path, 0o644)
            await #expect(throws: AccessKeyFile.Failure.self) { try await keys.accessKey(id: "AKNEW") }
            #expect(throws: AccessKeyFile.Failure.self) { try AccessKeyFile(path: path) }
        }
    }
}
