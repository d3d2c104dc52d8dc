import NIOCore
import ObjectStore
import Testing

@Suite("Checksums")
struct ChecksumTests {
    /// Of "123456789": the check values of the CRC catalogue, and `openssl dgst`.
    static let known: [(ChecksumAlgorithm, String)] = [
        (.crc32, "y/Q5Jg=="), (.crc32c, "4waSgw=="), (.crc64nvme, "rosUhgp5mIg="),
        (.sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="), (.sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    ]

    @Test("each algorithm gives its check value, however the bytes are cut, and it is kept", arguments: known)
    func checkValues(algorithm: ChecksumAlgorithm, value: String) async throws {
        try await withStore { store in
            for cut in 0...9 {
                let text = "123456789"
                let parts = [bytes(String(text.prefix(cut))), bytes(String(text.dropFirst(cut)))]
                let options = PutOptions(
                    attributes: ObjectAttributes(),
                    expectations: BodyExpectations(checksum: ChecksumRequest(algorithm) { value }))
                let info = try await store.put(bucket: "goods", key: "k", body: body(parts), options: options)
                #expect(info.checksum == ObjectChecksum(algorithm: algorithm, value: value))
            }
            #expect(try await store.head(bucket: "goods", key: "k").checksum?.value == value)
            let copy = try await store.copy(
                from: ObjectName(bucket: "goods", key: "k"), to: ObjectName(bucket: "goods", key: "k2"))
            #expect(copy.checksum?.value == value)
        }
    }

    @Test("a checksum that differs leaves the old object and nothing else", arguments: ChecksumAlgorithm.allCases)
    func mismatch(algorithm: ChecksumAlgorithm) async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: bytes("old"))
            let value = try #require(Self.known.first { $0.0 == algorithm }).1
            let options = PutOptions(
                attributes: ObjectAttributes(),
                expectations: BodyExpectations(checksum: ChecksumRequest(algorithm) { value }))
            let refused = await code {
                try await store.put(bucket: "goods", key: "k", bytes: bytes("123456780"), options: options)
            }
            #expect(refused == .digestMismatch)
            #expect(try await store.text("k") == "old")
            #expect(contentAndStaging(store.directory).count == 1)
        }
    }

    @Test("an MD5 that differs is refused")
    func md5() async throws {
        try await withStore { store in
            var options = PutOptions()
            options.expectations.expectedMD5 = "5d41402abc4b2a76b9719d911017c592"
            try await store.put(bucket: "goods", key: "k", bytes: bytes("hello"), options: options)
            let refused = await code {
                try await store.put(bucket: "goods", key: "k", bytes: bytes("hallo"), options: options)
            }
            #expect(refused == .digestMismatch)
        }
    }
}
