extension DirectoryStore {
    /// Creates a bucket; does nothing when it exists.
    public func createBucket(_ bucket: String) async throws {
        try ObjectRules.check(bucket: bucket)
        try await perform { _, index in try index.createBucket(bucket) }
    }

    /// Removes an empty bucket.
    public func deleteBucket(_ bucket: String) async throws {
        try ObjectRules.check(bucket: bucket)
        let logger = logger
        try await perform { files, index in
            files.collect(try index.deleteBucket(bucket), index: index, logger: logger)
        }
    }

    /// All buckets, sorted by name.
    public func buckets() async throws -> [BucketInfo] {
        try await perform { _, index in try index.buckets() }
    }

    /// Copies an object by counting its content once more.
    public func copy(
        from source: ObjectName,
        to destination: ObjectName,
        options: CopyOptions
    ) async throws -> ObjectInfo {
        try ObjectRules.check(bucket: source.bucket, key: source.key)
        try ObjectRules.check(bucket: destination.bucket, key: destination.key)
        if let attributes = options.attributes {
            try ObjectRules.check(attributes)
        }
        let logger = logger
        return try await perform { files, index in
            let (info, garbage) = try index.copy(from: source, to: destination, options: options)
            files.collect(garbage, index: index, logger: logger)
            return info
        }
    }

    /// Deletes an object; see ``ObjectStore/delete(bucket:key:ifMatch:)``.
    @discardableResult
    public func delete(bucket: String, key: String, ifMatch: String?) async throws -> Bool {
        try await delete(bucket: bucket, keys: [key], ifMatch: ifMatch).first ?? false
    }

    /// Deletes many objects in one transaction; see ``ObjectStore/delete(bucket:keys:)``.
    @discardableResult
    public func delete(bucket: String, keys: [String]) async throws -> [Bool] {
        try await delete(bucket: bucket, keys: keys, ifMatch: nil)
    }

    private func delete(bucket: String, keys: [String], ifMatch: String?) async throws -> [Bool] {
        for key in keys {
            try ObjectRules.check(bucket: bucket, key: key)
        }
        let logger = logger
        return try await perform { files, index in
            let (existed, garbage) = try index.delete(bucket: bucket, keys: keys, ifMatch: ifMatch)
            files.collect(garbage, index: index, logger: logger)
            return existed
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
        try ObjectRules.check(limit: limit)
        let request = ListRequest(prefix: prefix, delimiter: delimiter, startAfter: startAfter, limit: limit)
        return try await perform { _, index in try index.list(bucket: bucket, request) }
    }
}
