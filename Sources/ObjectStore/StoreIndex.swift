import FoundationEssentials
import GRDB

/// The index: which key of which bucket names which content.
///
/// Every call blocks.
struct StoreIndex: Sendable {
    /// A row with the name of its content file.
    struct Entry: Sendable {
        var info: ObjectInfo
        var content: String
    }

    let database: DatabasePool

    /// Opens the index and brings its tables up to date.
    ///
    /// Call it under the store's lock.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "ObjectStore"
        // Writers of other processes hold the lock for one fsync; half a minute of waiting means a sick disk.
        configuration.busyMode = .timeout(30)
        self.database = try DatabasePool(path: path, configuration: configuration)
        // GRDB opens WAL databases with NORMAL, which loses the last commits with the power.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try Self.migrator.migrate(database)
    }

    // MARK: Buckets

    func createBucket(_ name: String) throws {
        try database.write { database in
            try database.execute(
                sql: "INSERT INTO bucket (name, created) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                arguments: [name, Self.now()])
        }
    }

    /// Aborts its uploads; returns the names of their parts' content.
    func deleteBucket(_ name: String) throws -> [String] {
        try database.write { database in
            let bucket = try Self.bucket(name, database)
            let sql = "SELECT EXISTS (SELECT 1 FROM object WHERE bucket = ?)"
            guard try Bool.fetchOne(database, sql: sql, arguments: [bucket]) == false else {
                throw ObjectStoreError(.bucketNotEmpty, "bucket \(name) still holds objects")
            }
            let garbage = try Self.removeUploads(sql: "bucket = ?", arguments: [bucket], database)
            try database.execute(sql: "DELETE FROM bucket WHERE id = ?", arguments: [bucket])
            return garbage
        }
    }

    func buckets() throws -> [BucketInfo] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT name, created FROM bucket ORDER BY name")
                .map { BucketInfo(name: $0[0], created: Self.date($0[1])) }
        }
    }

    // MARK: Reading

    func entry(bucket: String, key: String) throws -> Entry {
        // A single statement sees one state anyway, so it needs no transaction around it.
        try database.unsafeRead { try Self.entry(bucket: bucket, key: key, $0) }
    }

    /// Runs `body` on an object's content file.
    ///
    /// Between the look-up and the opening the object may be replaced and the file removed; then the look-up is
    /// repeated. Each turn needs a new such race, so a few are enough to tell it from a file that is lost.
    func withContent<T>(bucket: String, key: String, _ body: (Entry) throws -> T) throws -> T {
        for _ in 0..<16 {
            let entry = try entry(bucket: bucket, key: key)
            do {
                return try body(entry)
            } catch let failure as Posix.Failure where failure.isMissing {
                continue
            }
        }
        throw ObjectStoreError(.storage, "the content of \(bucket)/\(key) is missing")
    }

    /// Whether an object or a part of an upload has this content.
    func hasContent(_ name: String) throws -> Bool {
        try database.read { database in
            try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM content WHERE name = ?) OR EXISTS (SELECT 1 FROM part WHERE name = ?)
                    """,
                arguments: [name, name]) ?? false
        }
    }

    func statistics() throws -> StoreStatistics {
        try database.read { try Self.statistics($0) }
    }
}

extension StoreIndex {
    static let columns =
        "o.key, c.size, o.etag, c.sha256, o.type, o.metadata, o.modified, c.name, o.headers, o.checksum"

    static func entry(bucket: String, key: String, _ database: Database) throws -> Entry {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM bucket b JOIN object o ON o.bucket = b.id JOIN content c ON c.id = o.content
                WHERE b.name = ? AND o.key = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [bucket, Data(key.utf8)]) else {
            _ = try Self.bucket(bucket, database)
            throw ObjectStoreError(.noSuchKey, "bucket \(bucket) has no object of this key")
        }
        return try entry(bucket: bucket, row)
    }

    static func entry(bucket: String, _ row: Row) throws -> Entry {
        let key: Data = row[0]
        let info = ObjectInfo(
            bucket: bucket,
            key: String(decoding: key, as: UTF8.self),
            size: row[1],
            etag: row[2],
            sha256: row[3],
            contentType: row[4],
            metadata: try decode(row[5]) ?? [:],
            headers: try decode(row[8]) ?? ContentHeaders(),
            checksum: try decode(row[9]),
            lastModified: date(row[6])
        )
        return Entry(info: info, content: row[7])
    }

    static func statistics(_ database: Database) throws -> StoreStatistics {
        let total = try Row.fetchOne(database, sql: "SELECT objects, object_bytes, contents, content_bytes FROM total")
        return StoreStatistics(
            buckets: try Int64.fetchOne(database, sql: "SELECT COUNT(*) FROM bucket") ?? 0,
            objects: total?[0] ?? 0,
            objectBytes: total?[1] ?? 0,
            contents: total?[2] ?? 0,
            contentBytes: total?[3] ?? 0
        )
    }

    static func bucket(_ name: String, _ database: Database) throws -> Int64 {
        guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM bucket WHERE name = ?", arguments: [name])
        else { throw ObjectStoreError(.noSuchBucket, "there is no bucket \(name)") }
        return id
    }

    /// What a column holds as JSON; nil for NULL and for an empty object, which costs a listing no decoder.
    static func decode<T: Decodable>(_ column: String?) throws -> T? {
        guard let column, column != "{}" else { return nil }
        return try JSONDecoder().decode(T.self, from: Data(column.utf8))
    }

    static func encode(_ value: (some Encodable)?) throws -> String? {
        guard let value else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    static func date(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
