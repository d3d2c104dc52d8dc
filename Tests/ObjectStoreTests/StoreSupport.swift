import Foundation
import Logging
import NIOCore
import ObjectStore
import TestSupport
import Testing

/// Runs `body` on a new store with the bucket `goods`.
func withStore(_ body: (DirectoryStore) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
        let store = try await DirectoryStore(directory: directory.file("store"), logger: quietLogger)
        try await store.createBucket("goods")
        try await body(store)
    }
}

let quietLogger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

func bytes(_ text: String) -> ByteBuffer {
    ByteBuffer(string: text)
}

/// A body of `chunks` buffers, followed by an error, or by whatever `then` does.
func body(_ buffers: [ByteBuffer], then: @escaping @Sendable () async throws -> Void = {}) -> AsyncThrowingStream<
    ByteBuffer, any Error
> {
    let source = Source(buffers)
    return AsyncThrowingStream {
        if let next = await source.next() {
            return next
        }
        try await then()
        return nil
    }
}

private actor Source {
    private var rest: ArraySlice<ByteBuffer>

    init(_ buffers: [ByteBuffer]) {
        rest = buffers[...]
    }

    func next() -> ByteBuffer? {
        rest.popFirst()
    }
}

/// The code of the store's error that `body` throws.
func code(_ body: () async throws -> some Any) async -> ObjectStoreError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? ObjectStoreError)?.code
    }
}

/// All regular files below a folder but locks and the index, as paths relative to it.
func contentAndStaging(_ directory: String) -> [String] {
    let all = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
    return all.filter { path in
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: "\(directory)/\(path)", isDirectory: &isDirectory)
        return exists && !isDirectory.boolValue && !path.hasSuffix("lock") && !path.hasPrefix("index.sqlite")
    }.sorted()
}

extension DirectoryStore {
    func text(_ key: String, range: ByteRangeRequest? = nil) async throws -> String {
        String(buffer: try await get(bucket: "goods", key: key, range: range).collect(upTo: 1 << 24))
    }
}
