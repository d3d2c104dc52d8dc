/// What a store holds, counted anew: its cost grows with the number of objects.
public struct StoreUsage: Codable, Sendable, Equatable {
    /// One bucket.
    public struct Bucket: Codable, Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its objects.
        public var objects: Int64
        /// The sum of their sizes in bytes; shared content counts for each of them.
        public var bytes: Int64
        /// Its uploads under way.
        public var uploads: Int64
        /// The bytes of their parts.
        public var uploadBytes: Int64
    }

    /// By name.
    public var buckets: [Bucket]
    /// Objects in all buckets.
    public var objects: Int64
    /// The sum of the objects' sizes in bytes; shared content counts for each of them.
    public var objectBytes: Int64
    /// Content files of objects.
    public var contents: Int64
    /// Their bytes on the disk.
    public var contentBytes: Int64
    /// Content files that several objects share.
    public var sharedContents: Int64
    /// Bytes that sharing saves.
    public var savedBytes: Int64
    /// Uploads under way.
    public var uploads: Int64
    /// Their parts.
    public var parts: Int64
    /// The parts' bytes on the disk.
    public var partBytes: Int64
    /// Content files that nobody names any more and that are about to be removed.
    public var garbage: Int64
    /// Files that a scrub moved to `quarantine/`.
    public var quarantined: Int64
    /// Their bytes.
    public var quarantinedBytes: Int64
}

extension DirectoryStore {
    /// Counts what the store holds, bucket by bucket.
    public func usage() async throws -> StoreUsage {
        try await perform { files, index in
            var usage = try index.usage()
            (usage.quarantined, usage.quarantinedBytes) = try files.quarantined()
            return usage
        }
    }
}
