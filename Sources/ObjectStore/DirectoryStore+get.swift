import Glibc
import NIOCore

extension DirectoryStore {
    /// What is known of an object without its bytes; see ``ObjectStore/head(bucket:key:)``.
    public func head(bucket: String, key: String) async throws -> ObjectInfo {
        try ObjectRules.check(bucket: bucket, key: key)
        return try await perform { _, index in try index.entry(bucket: bucket, key: key).info }
    }

    /// Opens an object; see ``ObjectStore/get(bucket:key:range:)``.
    public func get(bucket: String, key: String, range: ByteRangeRequest?) async throws -> ObjectBody {
        try ObjectRules.check(bucket: bucket, key: key)
        let (info, reader, buffer) = try await perform { files, index in
            try index.withContent(bucket: bucket, key: key) { entry -> (ObjectInfo, ContentReader, ByteBuffer?) in
                let size = entry.info.size
                guard let selected = range.map({ $0.resolve(size: size) }) ?? 0..<size else {
                    throw ObjectStoreError(.invalidRange, "no byte of \(size) is in the range", size: size)
                }
                let reader = try ContentReader(files.contentPath(entry.content), size, selected, self)
                let isSmall = selected.count <= Self.chunkSize
                return (entry.info, reader, isSmall ? try reader.readAll() : nil)
            }
        }
        if let buffer {
            return ObjectBody(info: info, range: reader.range, chunks: ObjectChunks(buffer), buffer: buffer)
        }
        return ObjectBody(
            info: info, range: reader.range, chunks: ObjectChunks { try await reader.next() },
            file: ObjectFile(reader))
    }

    /// Lends a hard link to the content; see ``ObjectStore/withLocalFile(bucket:key:_:)``.
    public func withLocalFile<T>(bucket: String, key: String, _ body: (String) async throws -> T) async throws -> T {
        try ObjectRules.check(bucket: bucket, key: key)
        let path = try await perform { files, index in
            try index.withContent(bucket: bucket, key: key) { try files.lend($0.content) }
        }
        let result: Result<T, any Error>
        do {
            result = .success(try await body(path))
        } catch {
            result = .failure(error)
        }
        pool.detach { unlink(path) }
        return try result.get()
    }
}
