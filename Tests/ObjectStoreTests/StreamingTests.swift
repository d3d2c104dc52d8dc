import Crypto
import Foundation
import NIOCore
import ObjectStore
import TestSupport
import Testing

@Suite("Streaming")
struct StreamingTests {
    /// 128 MiB in pieces as a socket delivers them.
    @Test("a large object streams through with constant memory")
    func constantMemory() async throws {
        try await withStore { store in
            let piece = 64 << 10
            let count = 2048
            let expected = Sha256()
            let maker = Maker(count: count, piece: piece, digest: expected)
            let before = residentBytes()
            let stream = AsyncThrowingStream<ByteBuffer, any Error> { await maker.next() }
            let info = try await store.put(bucket: "goods", key: "big", body: stream, options: PutOptions())
            let afterPut = residentBytes()
            let total = Int64(piece * count)
            #expect(info.size == total)
            #expect(info.sha256 == expected.hex)

            let received = Sha256()
            var length = 0
            for try await chunk in try await store.get(bucket: "goods", key: "big").chunks {
                #expect(chunk.readableBytes <= 1 << 20)
                received.update(chunk)
                length += chunk.readableBytes
            }
            #expect(length == Int(total))
            #expect(received.hex == info.sha256)
            // Other suites run in the same process: the bound is loose, but far below the object.
            #expect(afterPut - before < 48 << 20, "the put grew the process by \(afterPut - before) bytes")
            #expect(residentBytes() - before < 48 << 20)
        }
    }

    @Test("a wrong checksum leaves nothing, and the old object")
    func checksumMismatch() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: bytes("old"))
            let files = contentAndStaging(store.directory)
            let wrong = PutOptions(expectedSHA256: String(repeating: "0", count: 64))
            let refused = await code {
                try await store.put(bucket: "goods", key: "k", bytes: bytes("new"), options: wrong)
            }
            #expect(refused == .checksumMismatch)
            #expect(contentAndStaging(store.directory) == files)
            #expect(try await store.text("k") == "old")
            let right = PutOptions(
                expectedSHA256: "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824")
            try await store.put(bucket: "goods", key: "k", bytes: bytes("hello"), options: right)
            #expect(try await store.text("k") == "hello")
        }
    }

    @Test("a body over its limit is refused while it streams, and leaves nothing")
    func limits() async throws {
        try await withStore { store in
            let megabyte = ByteBuffer(repeating: 7, count: 1 << 20)
            let endless = AsyncThrowingStream<ByteBuffer, any Error> { megabyte }
            let tooLarge = await code {
                try await store.put(
                    bucket: "goods", key: "k", body: endless, options: PutOptions(maximumBytes: 3 << 20))
            }
            #expect(tooLarge == .tooLarge)
            let tooLong = await code {
                try await store.put(bucket: "goods", key: "k", body: endless, options: PutOptions(expectedBytes: 5))
            }
            #expect(tooLong == .sizeMismatch)
            let tooShort = await code {
                try await store.put(
                    bucket: "goods", key: "k", bytes: bytes("1234"), options: PutOptions(expectedBytes: 5))
            }
            #expect(tooShort == .sizeMismatch)
            #expect(contentAndStaging(store.directory).isEmpty)
            #expect(await code { try await store.head(bucket: "goods", key: "k") } == .noSuchKey)
            let exact = PutOptions(maximumBytes: 5, expectedBytes: 5)
            try await store.put(bucket: "goods", key: "k", bytes: bytes("12345"), options: exact)
        }
    }

    @Test("a body that is cut leaves nothing, and its error comes through")
    func cutBody() async throws {
        struct Cut: Error {}
        try await withStore { store in
            let parts = Array(repeating: ByteBuffer(repeating: 1, count: 300_000), count: 4)
            await #expect(throws: Cut.self) {
                try await store.put(
                    bucket: "goods", key: "k", body: body(parts) { throw Cut() }, options: PutOptions())
            }
            #expect(contentAndStaging(store.directory).isEmpty)
            #expect(await code { try await store.head(bucket: "goods", key: "k") } == .noSuchKey)
        }
    }

    @Test("a put whose task is cancelled leaves nothing, even if the stream ends as if it were whole")
    func cancelled() async throws {
        try await withStore { store in
            let (started, signal) = AsyncStream<Void>.makeStream()
            let (never, hold) = AsyncStream<Void>.makeStream()
            let task = Task {
                let cut = body([ByteBuffer(repeating: 1, count: 1 << 20)]) {
                    signal.finish()
                    for await _ in never {}
                }
                _ = try await store.put(bucket: "goods", key: "k", body: cut, options: PutOptions())
            }
            for await _ in started {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            hold.finish()
            #expect(contentAndStaging(store.directory).isEmpty)
            #expect(await code { try await store.head(bucket: "goods", key: "k") } == .noSuchKey)
        }
    }

    @Test("puts of one key at once leave exactly one of them, whole")
    func concurrentPuts() async throws {
        try await withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in UInt8(1)...32 {
                    group.addTask {
                        let parts = Array(repeating: ByteBuffer(repeating: writer, count: 100_000), count: 5)
                        _ = try await store.put(bucket: "goods", key: "k", body: body(parts), options: PutOptions())
                    }
                }
                for _ in 0..<32 {
                    group.addTask {
                        guard let read = try? await store.get(bucket: "goods", key: "k") else { return }
                        let seen = try await read.collect(upTo: 1 << 20)
                        #expect(seen.readableBytes == 500_000)
                        #expect(Set(seen.readableBytesView).count == 1)
                    }
                }
                try await group.waitForAll()
            }
            #expect(contentAndStaging(store.directory).count == 1)
            #expect(try await store.statistics.contents == 1)
        }
    }
}

/// Makes pseudo-random pieces and hashes them on the way out.
private actor Maker {
    private var left: Int
    private let piece: Int
    private let digest: Sha256
    private var generator = SystemRandomNumberGenerator()

    init(count: Int, piece: Int, digest: Sha256) {
        left = count
        self.piece = piece
        self.digest = digest
    }

    func next() -> ByteBuffer? {
        guard left > 0 else { return nil }
        left -= 1
        var buffer = ByteBuffer()
        buffer.writeRepeatingByte(UInt8.random(in: .min ... .max, using: &generator), count: piece)
        digest.update(buffer)
        return buffer
    }
}

private final class Sha256: @unchecked Sendable {
    // Used by one task after the other, never by two at once.
    private var hash = SHA256()

    func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    }

    var hex: String {
        hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// What this process holds of the machine's memory.
private func residentBytes() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = status.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * 4096
}
