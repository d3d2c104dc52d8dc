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

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { database in
            // Keys are blobs: compared byte by byte, whatever they contain. `refs` counts the objects of a content.
            try database.execute(
                sql: """
                    CREATE TABLE bucket (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
                    CREATE TABLE content (
                        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
                        sha256 TEXT NOT NULL, refs INTEGER NOT NULL CHECK (refs > 0)
                    );
                    CREATE TABLE object (
                        bucket INTEGER NOT NULL REFERENCES bucket(id), key BLOB NOT NULL, content INTEGER NOT NULL,
                        etag TEXT NOT NULL, type TEXT NOT NULL, metadata TEXT NOT NULL, modified INTEGER NOT NULL,
                        PRIMARY KEY (bucket, key)
                    ) WITHOUT ROWID;
                    CREATE TABLE garbage (name TEXT PRIMARY KEY) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("v2") { database in
            // What the store holds, kept up to date by the database itself: counting it would cost every object. From
            // contents alone, because a trigger on objects would not see the row that a REPLACE takes away.
            try database.execute(
                sql: """
                    CREATE TABLE total (
                        id INTEGER PRIMARY KEY CHECK (id = 1), objects INTEGER NOT NULL, object_bytes INTEGER NOT NULL,
                        contents INTEGER NOT NULL, content_bytes INTEGER NOT NULL
                    );
                    INSERT INTO total
                        SELECT 1, COALESCE(SUM(refs), 0), COALESCE(SUM(refs * size), 0), COUNT(*), COALESCE(SUM(size), 0)
                        FROM content;
                    CREATE TRIGGER content_inserted AFTER INSERT ON content BEGIN
                        UPDATE total SET objects = objects + new.refs,
                            object_bytes = object_bytes + new.refs * new.size, contents = contents + 1,
                            content_bytes = content_bytes + new.size;
                    END;
                    CREATE TRIGGER content_counted AFTER UPDATE OF refs ON content BEGIN
                        UPDATE total SET objects = objects + new.refs - old.refs,
                            object_bytes = object_bytes + (new.refs - old.refs) * new.size;
                    END;
                    CREATE TRIGGER content_deleted AFTER DELETE ON content BEGIN
                        UPDATE total SET objects = objects - old.refs,
                            object_bytes = object_bytes - old.refs * old.size, contents = contents - 1,
                            content_bytes = content_bytes - old.size;
                    END;
                    """)
        }
        return migrator
    }

    // MARK: Buckets

    func createBucket(_ name: String) throws {
        try database.write { database in
            try database.execute(
                sql: "INSERT INTO bucket (name, created) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                arguments: [name, Self.now()])
        }
    }

    func deleteBucket(_ name: String) throws {
        try database.write { database in
            let bucket = try Self.bucket(name, database)
            let sql = "SELECT EXISTS (SELECT 1 FROM object WHERE bucket = ?)"
            guard try Bool.fetchOne(database, sql: sql, arguments: [bucket]) == false else {
                throw ObjectStoreError(.bucketNotEmpty, "bucket \(name) still holds objects")
            }
            try database.execute(sql: "DELETE FROM bucket WHERE id = ?", arguments: [bucket])
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
        try database.read { try Self.entry(bucket: bucket, key: key, $0) }
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

    func hasContent(_ name: String) throws -> Bool {
        try database.read { database in
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM content WHERE name = ?)", arguments: [name]) ?? false
        }
    }

    func statistics() throws -> StoreStatistics {
        try database.read { database in
            let total = try Row.fetchOne(
                database, sql: "SELECT objects, object_bytes, contents, content_bytes FROM total")
            return StoreStatistics(
                buckets: try Int64.fetchOne(database, sql: "SELECT COUNT(*) FROM bucket") ?? 0,
                objects: total?[0] ?? 0, objectBytes: total?[1] ?? 0, contents: total?[2] ?? 0,
                contentBytes: total?[3] ?? 0)
        }
    }
}

extension StoreIndex {
    static let columns = "o.key, c.size, o.etag, c.sha256, o.type, o.metadata, o.modified, c.name"

    static func entry(bucket: String, key: String, _ database: Database) throws -> Entry {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT \(columns) FROM object o JOIN content c ON c.id = o.content WHERE o.bucket = ? AND o.key = ?",
            arguments: [try Self.bucket(bucket, database), Data(key.utf8)])
        guard let row else { throw ObjectStoreError(.noSuchKey, "bucket \(bucket) has no object of this key") }
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
            metadata: try JSONDecoder().decode([String: String].self, from: Data((row[5] as String).utf8)),
            lastModified: date(row[6])
        )
        return Entry(info: info, content: row[7])
    }

    static func bucket(_ name: String, _ database: Database) throws -> Int64 {
        guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM bucket WHERE name = ?", arguments: [name])
        else { throw ObjectStoreError(.noSuchBucket, "there is no bucket \(name)") }
        return id
    }

    static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    static func date(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
