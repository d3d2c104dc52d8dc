import Logging
public import NIOCore

extension DirectoryStore {
    /// Stores a body as it streams in; see ``ObjectStore/put(bucket:key:body:options:)``.
    public func put<Body: AsyncSequence & Sendable>(
        bucket: String,
        key: String,
        body: Body,
        options: PutOptions
    ) async throws -> ObjectInfo where Body.Element == ByteBuffer {
        try ObjectRules.check(bucket: bucket, key: key)
        try ObjectRules.check(options)
        let writer = try await perform { files, index in
            try index.checkPut(bucket: bucket, key: key, ifNoneMatch: options.ifNoneMatch)
            return try ContentWriter(files: files)
        }
        do {
            try await stream(body, into: writer, options: options)
            return try await publish(writer, bucket: bucket, key: key, options: options)
        } catch {
            // Not through `perform`, whose error would hide this one; what can't be removed, the next sweep removes.
            try? await pool.run { writer.discard() }
            throw error
        }
    }

    /// Buffers go to a thread in batches of a chunk, so that small network reads don't cost a hop each.
    private func stream<Body: AsyncSequence>(
        _ body: Body,
        into writer: ContentWriter,
        options: PutOptions
    ) async throws where Body.Element == ByteBuffer {
        let limit = min(options.maximumBytes ?? .max, options.expectedBytes ?? .max)
        var total: Int64 = 0
        var batch: [ByteBuffer] = []
        var batched = 0
        for try await buffer in body {
            total += Int64(buffer.readableBytes)
            guard total <= limit else { throw Self.over(limit: limit, options: options) }
            batch.append(buffer)
            batched += buffer.readableBytes
            guard batched >= Self.chunkSize else { continue }
            try Task.checkCancellation()
            let full = batch
            batch.removeAll(keepingCapacity: true)
            batched = 0
            try await perform { _, _ in try writer.append(full) }
        }
        // A stream may answer cancellation with its end, which must not pass for the end of the body.
        try Task.checkCancellation()
        if let expected = options.expectedBytes, total != expected {
            throw ObjectStoreError(.sizeMismatch, "the body ended after \(total) of \(expected) bytes")
        }
        let last = batch
        try await perform { _, _ in try writer.append(last) }
    }

    private func publish(
        _ writer: ContentWriter,
        bucket: String,
        key: String,
        options: PutOptions
    ) async throws -> ObjectInfo {
        let logger = logger
        return try await perform { files, index in
            let content = try writer.finish()
            if let expected = options.expectedSHA256, expected.lowercased() != content.sha256 {
                throw ObjectStoreError(.checksumMismatch, "the body's SHA-256 is \(content.sha256), not \(expected)")
            }
            try files.publish(content.name)
            let committed: (info: ObjectInfo, garbage: [String])
            do {
                committed = try index.commit(content, bucket: bucket, key: key, options: options)
            } catch {
                if StoreIndex.outcomeIsUnknown(error) {
                    // The row may come back when SQLite recovers its log. The staging name stays as the note that
                    // tells the next sweep to look whether it did.
                    writer.keepStagingFile()
                    logger.error("a commit failed with unknown outcome", metadata: ["error": "\(error)"])
                } else {
                    try? files.removeContent(content.name)
                }
                throw error
            }
            writer.discard()
            files.collect(committed.garbage, index: index, logger: logger)
            return committed.info
        }
    }

    private static func over(limit: Int64, options: PutOptions) -> ObjectStoreError {
        if options.expectedBytes == limit {
            return ObjectStoreError(.sizeMismatch, "the body has more than the announced \(limit) bytes")
        }
        return ObjectStoreError(.tooLarge, "the body has more than \(limit) bytes")
    }
}
