public import FoundationEssentials
public import NIOCore
import Synchronization

extension DirectoryStore {
    /// Begins an upload; see ``MultipartStore/createUpload(bucket:key:options:)``.
    public func createUpload(bucket: String, key: String, options: UploadOptions) async throws -> UploadInfo {
        try ObjectRules.check(bucket: bucket, key: key)
        try ObjectRules.check(options.attributes)
        return try await perform { _, index in try index.createUpload(bucket: bucket, key: key, options: options) }
    }

    /// Stores one part as it streams in; see ``MultipartStore/putPart(of:number:body:expecting:)``.
    public func putPart<Body: AsyncSequence & Sendable>(
        of upload: UploadName,
        number: Int,
        body: Body,
        expecting expectations: BodyExpectations
    ) async throws -> PartInfo where Body.Element == ByteBuffer {
        try ObjectRules.check(bucket: upload.bucket, key: upload.key)
        guard (1...10_000).contains(number) else {
            throw ObjectStoreError(.invalidArgument, "a part's number is 1 to 10000, not \(number)")
        }
        var expectations = expectations
        let info = try await perform { _, index in try index.uploadUnderWay(upload) }
        if let algorithm = info.checksum {
            let asked = expectations.checksum?.algorithm ?? algorithm
            guard asked == algorithm else {
                throw ObjectStoreError(
                    .invalidArgument, "the upload has \(algorithm.rawValue) checksums, not \(asked.rawValue)")
            }
            expectations.checksum = expectations.checksum ?? ChecksumRequest(algorithm)
        }
        let algorithm = expectations.checksum?.algorithm
        let writer = try await perform { files, _ in try ContentWriter(files: files, computing: algorithm) }
        return try await store(body, in: writer, expecting: expectations) { index, content in
            try index.commitPart(content, of: upload, number: number)
        }
    }

    /// Makes a part of an object's bytes; see ``MultipartStore/copyPart(of:number:from:range:sourceETag:)``.
    public func copyPart(
        of upload: UploadName,
        number: Int,
        from source: ObjectName,
        range: ByteRangeRequest?,
        sourceETag: String?
    ) async throws -> PartInfo {
        let object = try await get(bucket: source.bucket, key: source.key, range: range)
        if let sourceETag, object.info.etag != sourceETag {
            throw ObjectStoreError(.preconditionFailed, "the source's ETag is not \(sourceETag)")
        }
        return try await putPart(
            of: upload, number: number, body: object.chunks,
            expecting: BodyExpectations(expectedBytes: Int64(object.range.count)))
    }

    /// Makes the object of its parts; see ``MultipartStore/completeUpload(_:parts:options:)``.
    ///
    /// The parts are copied into one file, which programs can read and a web server can send, and whose SHA-256 is
    /// known; so completing takes as long as copying, and for that time the bytes are there twice.
    public func completeUpload(
        _ upload: UploadName,
        parts: [CompletedPart],
        options: CompleteOptions
    ) async throws -> ObjectInfo {
        try ObjectRules.check(bucket: upload.bucket, key: upload.key)
        // A client that gave up waiting asks again: its bytes are copied once, and both are told the same.
        return try await completions.whileHolding(upload.id) {
            try await planAndAssemble(upload, parts, options)
        }
    }

    private func planAndAssemble(
        _ upload: UploadName,
        _ parts: [CompletedPart],
        _ options: CompleteOptions
    ) async throws -> ObjectInfo {
        // Whoever completes the upload in another process, or replaces a part, meanwhile: the second look finds what became of it.
        for isLastTry in [false, false, true] {
            let plan = try await perform { _, index in try index.plan(upload, parts, options.condition) }
            guard case .assemble(let files, let row, let etag, let composite) = plan else {
                guard case .completed(let info) = plan else { break }
                return info
            }
            do {
                return try await assemble(files, row, etag: etag, composite: composite, options)
            } catch let error as ObjectStoreError where error.code == .noSuchUpload && !isLastTry {
                continue
            }
        }
        throw ObjectStoreError(.noSuchUpload, "the upload changed while it was completed")
    }

    private func assemble(
        _ parts: [PartFile],
        _ upload: UploadRow,
        etag: String,
        composite: ObjectChecksum?,
        _ options: CompleteOptions
    ) async throws -> ObjectInfo {
        if options.expectedChecksum != nil, upload.info.checksum == nil {
            throw ObjectStoreError(.invalidArgument, "the upload was begun without a checksum to compare with")
        }
        if let composite, let expected = options.expectedChecksum, expected != composite.value {
            throw ObjectStoreError(.digestMismatch, "the parts' checksum is \(composite.value), not \(expected)")
        }
        var expectations = BodyExpectations(expectedBytes: parts.reduce(0) { $0 + $1.size })
        if let expected = options.expectedBytes, expected != expectations.expectedBytes {
            throw ObjectStoreError(.sizeMismatch, "the parts have not the announced \(expected) bytes")
        }
        if composite == nil, let algorithm = upload.info.checksum {
            expectations.checksum = ChecksumRequest(algorithm) { options.expectedChecksum }
        }
        let algorithm = expectations.checksum?.algorithm
        let writer = try await perform { files, _ in try ContentWriter(files: files, computing: algorithm, etag: etag) }
        return try await store(chunks(of: parts), in: writer, expecting: expectations) { index, content in
            var object = NewObject(content: content, attributes: upload.attributes)
            object.checksum = composite ?? content.checksum
            return try index.complete(upload.info.name, parts, with: object, options.condition)
        }
    }

    /// The bytes of parts, one after the other.
    private func chunks(of parts: [PartFile]) -> ObjectChunks {
        let state = Mutex((rest: parts[...], reader: ContentReader?.none))
        return ObjectChunks {
            while true {
                if let chunk = try await state.withLock({ $0.reader })?.next() {
                    return chunk
                }
                guard let part = state.withLock({ $0.rest.popFirst() }) else { return nil }
                let reader = try await self.perform { files, _ in
                    do {
                        return try ContentReader(files.contentPath(part.name), part.size, 0..<part.size, self)
                    } catch let failure as Posix.Failure where failure.isMissing {
                        throw ObjectStoreError(.noSuchUpload, "part \(part.number) is gone")
                    }
                }
                state.withLock { $0.reader = reader }
            }
        }
    }
}

extension DirectoryStore {
    /// Drops an upload and its parts.
    public func abortUpload(_ upload: UploadName) async throws {
        try ObjectRules.check(bucket: upload.bucket, key: upload.key)
        let logger = logger
        try await perform { files, index in
            files.collect(try index.abort(upload), index: index, logger: logger)
        }
    }

    /// One page of an upload's parts; see ``MultipartStore/parts(of:after:limit:)``.
    public func parts(of upload: UploadName, after: Int, limit: Int) async throws -> PartListing {
        try ObjectRules.check(bucket: upload.bucket, key: upload.key)
        try ObjectRules.check(limit: limit)
        return try await perform { _, index in try index.parts(of: upload, after: after, limit: limit) }
    }

    /// One page of a bucket's uploads; see ``MultipartStore/uploads(bucket:prefix:delimiter:after:limit:)``.
    public func uploads(
        bucket: String,
        prefix: String,
        delimiter: String?,
        after: UploadMarker?,
        limit: Int
    ) async throws -> UploadListing {
        try ObjectRules.check(bucket: bucket)
        try ObjectRules.check(limit: limit)
        let request = ListRequest(prefix: prefix, delimiter: delimiter, startAfter: after?.key, limit: limit)
        return try await perform { _, index in try index.uploads(bucket: bucket, request, after: after) }
    }

    /// Drops old uploads; see ``MultipartStore/abortUploads(bucket:prefix:initiatedBefore:)``.
    @discardableResult
    public func abortUploads(bucket: String, prefix: String, initiatedBefore time: Date) async throws -> Int {
        try ObjectRules.check(bucket: bucket)
        let logger = logger
        // Writers of other processes get their turn between two batches.
        let batch = 100
        var total = 0
        while true {
            let step = try await perform { files, index in
                let step = try index.abort(bucket: bucket, prefix: prefix, initiatedBefore: time, limit: batch)
                files.collect(step.garbage, index: index, logger: logger)
                return step
            }
            total += step.aborted
            guard step.removed == batch else { return total }
        }
    }
}
