import NIOCore
import ObjectStore
import Testing

@Suite("Ranges")
struct RangeTests {
    /// Of the object `0123456789`.
    @Test(
        "a single range selects its bytes",
        arguments: [
            ("bytes=0-0", "0"), ("bytes=0-9", "0123456789"), ("bytes=2-4", "234"), ("bytes=9-9", "9"),
            ("bytes=5-", "56789"), ("bytes=0-", "0123456789"), ("bytes=-1", "9"), ("bytes=-3", "789"),
            ("bytes=-10", "0123456789"), ("bytes=-11", "0123456789"), ("bytes=8-99", "89"),
            ("bytes=0-18446744073709551616", "0123456789"), ("bytes=-99999999999999999999", "0123456789"),
            ("Bytes=1-2", "12"), ("bytes= 1-2 ", "12"), ("bytes=001-002", "12"),
        ])
    func selected(header: String, expected: String) async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: bytes("0123456789"))
            let range = try #require(ByteRangeRequest(header: header))
            let body = try await store.get(bucket: "goods", key: "k", range: range)
            #expect(String(buffer: try await body.collect(upTo: 10)) == expected)
            #expect(body.range.count == expected.utf8.count)
            #expect(body.info.size == 10)
        }
    }

    @Test(
        "a range beyond the end is refused with the object's size",
        arguments: ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"])
    func unsatisfiable(header: String) async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: bytes("0123456789"))
            let range = try #require(ByteRangeRequest(header: header))
            let error = await #expect(throws: ObjectStoreError.self) {
                try await store.get(bucket: "goods", key: "k", range: range)
            }
            #expect(error?.code == .invalidRange && error?.size == 10)
        }
    }

    @Test("no range of an empty object can be had", arguments: ["bytes=0-", "bytes=-1", "bytes=0-0"])
    func emptyObject(header: String) {
        #expect(ByteRangeRequest(header: header)?.resolve(size: 0) == nil)
    }

    @Test(
        "headers that are no single byte range are ignored",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=2-1", "bytes=1-2,4-5", "items=0-1",
            "bytes=1-2-3", "bytes=+1-2", "bytes=1 -2", "bytes=0x1-2", "bytes=--1",
        ])
    func ignored(header: String) {
        #expect(ByteRangeRequest(header: header) == nil)
    }

    @Test("ranges of a chunked object agree with the slices of its bytes")
    func acrossChunks() async throws {
        try await withStore { store in
            let all = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 / 251) }
            try await store.put(bucket: "goods", key: "k", bytes: .init(bytes: all))
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<50 {
                let first = Int.random(in: 0..<all.count, using: &generator)
                let last = Int.random(in: first..<all.count, using: &generator)
                let range = ByteRangeRequest.bounded(first: Int64(first), last: Int64(last))
                let part = try await store.get(bucket: "goods", key: "k", range: range).collect(upTo: all.count)
                #expect(part == ByteBuffer(bytes: all[first...last]))
            }
        }
    }
}
