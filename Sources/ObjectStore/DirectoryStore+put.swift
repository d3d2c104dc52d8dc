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
        try ObjectRules.check(options.attributes)
        let writer = try await perform { files, index in
            try index.checkPut(bucket: bucket, key: key, condition: options.condition)
            return try ContentWriter(files: files, computing: options.expectations.checksum?.algorithm)
        }
        return try await store(body, in: writer, expecting: options.expectations) { index, content in
            let object = NewObject(content: content, attributes: options.attributes)
            return try index.commit(object, bucket: bucket, key: key, condition: options.condition)
        }
    }

    /// Streams a body into a staging file, makes it durable content, and commits the row that names it.
    ///
    /// - Parameter commit: Writes the row; returns what to return, and the content that nobody names any more.
    func store<Body: AsyncSequence, Value: Sendable>(
        _ body: Body,
        in writer: ContentWriter,
        expecting expectations: BodyExpectations,
        commit: @escaping @Sendable (StoreIndex, ContentFile) throws -> (Value, garbage: [String])
    ) async throws -> Value where Body.Element == ByteBuffer {
        do {
            try await stream(body, into: writer, expectations)
            return try await publish(writer, expectations, commit)
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
        _ expectations: BodyExpectations
    ) async throws where Body.Element == ByteBuffer {
        let limit = min(expectations.maximumBytes ?? .max, expectations.expectedBytes ?? .max)
        var total: Int64 = 0
        var batch: [ByteBuffer] = []
        var batched = 0
        for try await buffer in body {
            total += Int64(buffer.readableBytes)
            guard total <= limit else { throw Self.over(limit: limit, expectations) }
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
        if let expected = expectations.expectedBytes, total != expected {
            throw ObjectStoreError(.sizeMismatch, "the body ended after \(total) of \(expected) bytes")
        }
        let last = batch
        try await perform { _, _ in try writer.append(last) }
    }

    private func publish<Value: Sendable>(
        _ writer: ContentWriter,
        _ expectations: BodyExpectations,
        _ commit: @escaping @Sendable (StoreIndex, ContentFile) throws -> (Value, garbage: [String])
    ) async throws -> Value {
        let logger = logger
        return try await perform { files, index in
            let content = try writer.finish()
            try Self.check(content, expectations)
            try files.publish(content.name)
            let committed: (value: Value, garbage: [String])
            do {
                committed = try commit(index, content)
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
            return committed.value
        }
    }

    private static func check(_ content: ContentFile, _ expectations: BodyExpectations) throws {
        func check(
            _ name: String, _ actual: String, _ expected: String?, _ code: ObjectStoreError.Code = .digestMismatch
        ) throws {
            guard let expected, expected != actual else { return }
            throw ObjectStoreError(code, "the body's \(name) is \(actual), not \(expected)")
        }
        try check("SHA-256", content.sha256, expectations.expectedSHA256?.lowercased(), .checksumMismatch)
        try check("MD5", content.etag, expectations.expectedMD5)
        guard let checksum = content.checksum else { return }
        try check(checksum.algorithm.rawValue, checksum.value, expectations.checksum?.expected())
    }

    private static func over(limit: Int64, _ expectations: BodyExpectations) -> ObjectStoreError {
        if expectations.expectedBytes == limit {
            return ObjectStoreError(.sizeMismatch, "the body has more than the announced \(limit) bytes")
        }
        return ObjectStoreError(.tooLarge, "the body has more than \(limit) bytes")
    }
}
