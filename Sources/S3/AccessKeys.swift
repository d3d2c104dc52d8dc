/// Where the server finds the secret and the rights of an access key.
public protocol AccessKeys: Sendable {
    /// The key of an identifier; nil where there is none, or none any more.
    ///
    /// It is asked at each request, so that a key that is withdrawn ends at once. What it throws answers 503.
    func accessKey(id: String) async throws -> AccessKey?
}

/// An access key and what its bearer may do.
public struct AccessKey: Sendable {
    /// The identifier that stands in requests.
    public var id: String
    /// The secret that signs them.
    public var secret: String
    /// Who bears it; stands in listings of uploads.
    public var owner: String
    /// What it allows: what one of them allows.
    public var grants: [AccessGrant]

    /// Describes a key.
    public init(id: String, secret: String, owner: String, grants: [AccessGrant]) {
        self.id = id
        self.secret = secret
        self.owner = owner
        self.grants = grants
    }

    /// Whether it may read, or write, this object.
    func allows(_ access: AccessGrant.Access, bucket: String, key: String) -> Bool {
        grants.contains { $0.covers(access, bucket: bucket) && key.utf8.starts(with: $0.prefix.utf8) }
    }

    /// Whether it may see that the bucket exists.
    func allows(bucket: String) -> Bool {
        grants.contains { $0.covers(.read, bucket: bucket) }
    }

    /// The prefixes of a bucket's keys that it may read.
    func prefixes(bucket: String) -> [String] {
        grants.filter { $0.covers(.read, bucket: bucket) }.map(\.prefix)
    }

    /// Whether it may make, remove and configure the bucket.
    func administers(bucket: String) -> Bool {
        grants.contains { $0.covers(.readWrite, bucket: bucket) && $0.prefix.isEmpty }
    }
}

/// One thing that an access key allows.
public struct AccessGrant: Sendable, Equatable {
    /// What may be done.
    public enum Access: String, Sendable {
        /// Reading and listing.
        case read
        /// Writing and deleting, too.
        case readWrite
    }

    /// The bucket; nil: every bucket.
    public var bucket: String?
    /// Only keys that begin with these bytes.
    public var prefix: String
    /// What may be done with them.
    public var access: Access

    /// Makes a grant; the default is everything.
    public init(bucket: String? = nil, prefix: String = "", access: Access = .readWrite) {
        self.bucket = bucket
        self.prefix = prefix
        self.access = access
    }

    func covers(_ wanted: Access, bucket name: String) -> Bool {
        (bucket == nil || bucket == name) && (access == .readWrite || wanted == .read)
    }
}

/// Access keys that are known from the start.
public struct StaticAccessKeys: AccessKeys {
    private let keys: [String: AccessKey]

    /// Knows these keys; of two with one identifier the first.
    public init(_ keys: [AccessKey]) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The key of an identifier.
    public func accessKey(id: String) async throws -> AccessKey? {
        keys[id]
    }
}
