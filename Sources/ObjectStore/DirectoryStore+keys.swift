extension DirectoryStore {
    /// Creates a bucket; does nothing when it exists.
    public func createBucket(_ bucket: String) async throws {
        try ObjectRules.check(bucket: bucket)
        try await perform { _, index in try index.createBucket(bucket) }
    }

    /// Removes an empty bucket.
    public func deleteBucket(_ bucket: String) async throws {
        try ObjectRules.check(bucket: bucket)
        try await perform { _, index in try index.deleteBucket(bucket) }
    }

    /// All buckets, sorted by name.
    public func buckets() async throws -> [BucketInfo] {
        try await perform { _, index in try index.buckets() }
    }

    /// Copies an object by counting its content once more.
    public func copy(
        from source: ObjectName,
        to destination: ObjectName,
        options: CopyOptions?
    ) async throws -> ObjectInfo {
        try ObjectRules.check(bucket: source.bucket, key: source.key)
        try ObjectRules.check(bucket: destination.bucket, key: destination.key)
        if let options {
            try ObjectRules.check(contentType: options.contentType, metadata: options.metadata)
        }
        let logger = logger
        return try await perform { files, index in
            let (info, garbage) = try index.copy(from: source, to: destination, options: options)
            files.collect(garbage, index: index, logger: logger)
            return info
        }
    }

    /// Deletes an object; false when there was none.
    @discardableResult
    public func delete(bucket: String, key: String) async throws -> Bool {
        try ObjectRules.check(bucket: bucket, key: key)
        let logger = logger
        return try await perform { files, index in
            guard let garbage = try index.delete(bucket: bucket, key: key) else { return false }
            files.collect(garbage, index: index, logger: logger)
            return true
        }
    }

    /// One page of keys; see ``ObjectStore/list(bucket:prefix:delimiter:startAfter:limit:)``.
    public func list(
        bucket: String,
        prefix: String,
        delimiter: String?,
        startAfter: String?,
        limit: Int
    ) async throws -> ObjectListing {
        try ObjectRules.check(bucket: bucket)
        guard (1...1000).contains(limit) else {
            throw ObjectStoreError(.invalidArgument, "a page has 1 to 1000 entries, not \(limit)")
        }
        let request = ListRequest(prefix: prefix, delimiter: delimiter, startAfter: startAfter, limit: limit)
        return try await perform { _, index in try index.list(bucket: bucket, request) }
    }
}
