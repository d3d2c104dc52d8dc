import GRDB

/// What is configured for a bucket.
public struct BucketRules: Sendable, Equatable, Codable {
    /// Which pages of other origins may use the bucket, in a browser; the first that matches counts.
    public var cors: [CORSRule]
    /// Which uploads are aborted by themselves.
    public var lifecycle: [AbandonedUploadRule]

    /// Makes a configuration; the default is none.
    public init(cors: [CORSRule] = [], lifecycle: [AbandonedUploadRule] = []) {
        self.cors = cors
        self.lifecycle = lifecycle
    }
}

/// Lets pages of some origins do some requests (the Fetch standard, CORS protocol).
public struct CORSRule: Sendable, Equatable, Codable {
    /// The rule's name.
    public var id: String?
    /// Origins, each with at most one `*`.
    public var origins: [String]
    /// Methods.
    public var methods: [String]
    /// Request headers, each with at most one `*`.
    public var headers: [String]
    /// Response headers that a page may read.
    public var exposedHeaders: [String]
    /// Seconds that a browser may remember the rule for.
    public var maximumAge: Int?

    /// Makes a rule.
    public init(
        id: String? = nil,
        origins: [String],
        methods: [String],
        headers: [String] = [],
        exposedHeaders: [String] = [],
        maximumAge: Int? = nil
    ) {
        self.id = id
        self.origins = origins
        self.methods = methods
        self.headers = headers
        self.exposedHeaders = exposedHeaders
        self.maximumAge = maximumAge
    }
}

/// Aborts the uploads of some keys some days after they began.
public struct AbandonedUploadRule: Sendable, Equatable, Codable {
    /// The rule's name.
    public var id: String?
    /// Only keys that begin with these bytes.
    public var prefix: String
    /// Days from the upload's beginning.
    public var days: Int
    /// A rule that is switched off is kept and does nothing.
    public var isEnabled: Bool

    /// Makes a rule.
    public init(id: String? = nil, prefix: String = "", days: Int, isEnabled: Bool = true) {
        self.id = id
        self.prefix = prefix
        self.days = days
        self.isEnabled = isEnabled
    }
}

/// An object store that keeps rules with its buckets.
public protocol BucketRulesStore: ObjectStore {
    /// The bucket's rules; none unless they were set. Throws `.noSuchBucket`.
    func rules(of bucket: String) async throws -> BucketRules

    /// Changes a bucket's rules in one step. Throws `.noSuchBucket`.
    func changeRules(of bucket: String, _ change: @escaping @Sendable (inout BucketRules) -> Void) async throws
}

extension DirectoryStore: BucketRulesStore {
    /// The bucket's rules; see ``BucketRulesStore/rules(of:)``.
    public func rules(of bucket: String) async throws -> BucketRules {
        try ObjectRules.check(bucket: bucket)
        return try await perform { _, index in
            try index.database.read { try StoreIndex.rules(of: bucket, $0) }
        }
    }

    /// Changes a bucket's rules; see ``BucketRulesStore/changeRules(of:_:)``.
    public func changeRules(
        of bucket: String,
        _ change: @escaping @Sendable (inout BucketRules) -> Void
    ) async throws {
        try ObjectRules.check(bucket: bucket)
        try await perform { _, index in
            try index.database.write { database in
                var rules = try StoreIndex.rules(of: bucket, database)
                change(&rules)
                try database.execute(
                    sql: "UPDATE bucket SET rules = ? WHERE name = ?",
                    arguments: [try StoreIndex.encode(rules), bucket])
            }
        }
    }
}

extension StoreIndex {
    fileprivate static func rules(of name: String, _ database: Database) throws -> BucketRules {
        let row = try Row.fetchOne(database, sql: "SELECT rules FROM bucket WHERE name = ?", arguments: [name])
        guard let row else { throw ObjectStoreError(.noSuchBucket, "there is no bucket \(name)") }
        return try decode(row[0]) ?? BucketRules()
    }
}
