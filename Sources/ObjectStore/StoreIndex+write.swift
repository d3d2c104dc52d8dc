import FoundationEssentials
import GRDB

/// Content that is durable, and the object that it becomes.
struct NewObject: Sendable {
    var content: ContentFile
    var attributes: ObjectAttributes
    var etag: String
    var checksum: ObjectChecksum?

    init(content: ContentFile, attributes: ObjectAttributes) {
        self.content = content
        self.attributes = attributes
        self.etag = content.etag
        self.checksum = content.checksum
    }
}

extension StoreIndex {
    /// Fails before a body is read for what would fail after it.
    func checkPut(bucket: String, key: String, condition: WriteCondition) throws {
        try database.read { database in
            let id = try Self.bucket(bucket, database)
            try Self.check(condition, id, key, database)
        }
    }

    /// Makes content that is durable the object's; returns the names of content that nobody names any more.
    func commit(
        _ object: NewObject,
        bucket: String,
        key: String,
        condition: WriteCondition
    ) throws -> (ObjectInfo, garbage: [String]) {
        try database.write { database in
            try Self.replace(bucket: bucket, key: key, with: object, condition, database)
        }
    }

    func copy(
        from source: ObjectName,
        to destination: ObjectName,
        options: CopyOptions
    ) throws -> (ObjectInfo, garbage: [String]) {
        try database.write { database in
            let from = try Self.bucket(source.bucket, database)
            let target = try Self.bucket(destination.bucket, database)
            let row = try Row.fetchOne(
                database,
                sql: "SELECT content, etag, type, metadata, headers, checksum FROM object WHERE bucket = ? AND key = ?",
                arguments: [from, Data(source.key.utf8)])
            guard let row else {
                throw ObjectStoreError(.noSuchKey, "bucket \(source.bucket) has no object of this key")
            }
            if let expected = options.sourceETag, expected != row[1] {
                throw ObjectStoreError(.preconditionFailed, "the source's ETag is not \(expected)")
            }
            try Self.check(options.condition, target, destination.key, database)
            // Counted before the old object is let go: a copy onto itself must not collect its own content.
            try database.execute(sql: "UPDATE content SET refs = refs + 1 WHERE id = ?", arguments: [row[0] as Int64])
            let garbage = try Self.release(target, destination.key, database)
            let attributes: [(any DatabaseValueConvertible)?] =
                if let new = options.attributes {
                    [new.contentType, try Self.encode(new.metadata), try Self.encode(new.headers)]
                } else {
                    [row[2] as String, row[3] as String, row[4] as String?]
                }
            try Self.insert(
                target, destination.key, content: row[0], etag: row[1], attributes, checksum: row[5], database)
            let info = try Self.entry(bucket: destination.bucket, key: destination.key, database).info
            return (info, garbage)
        }
    }

    /// Deletes the objects that there are; says of each key whether there was one.
    func delete(bucket: String, keys: [String], ifMatch: String?) throws -> (existed: [Bool], garbage: [String]) {
        try database.write { database in
            let id = try Self.bucket(bucket, database)
            var existed: [Bool] = []
            var garbage: [String] = []
            for key in keys {
                try Self.check(WriteCondition(ifMatch: ifMatch), id, key, database)
                garbage += try Self.release(id, key, database)
                try database.execute(
                    sql: "DELETE FROM object WHERE bucket = ? AND key = ?", arguments: [id, Data(key.utf8)])
                existed.append(database.changesCount > 0)
            }
            return (existed, garbage)
        }
    }

    // MARK: Content that nobody names

    func garbage() throws -> [String] {
        try database.read { try String.fetchAll($0, sql: "SELECT name FROM garbage") }
    }

    func forgetGarbage(_ names: [String]) throws {
        try database.write { database in
            for name in names {
                try database.execute(sql: "DELETE FROM garbage WHERE name = ?", arguments: [name])
            }
        }
    }

    /// Whether the commit may have reached the log although it failed: then a later recovery may bring the row back.
    static func outcomeIsUnknown(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_IOERR
    }
}

extension StoreIndex {
    static func check(_ condition: WriteCondition, _ bucket: Int64, _ key: String, _ database: Database) throws {
        guard condition != WriteCondition() else { return }
        let etag = try String.fetchOne(
            database, sql: "SELECT etag FROM object WHERE bucket = ? AND key = ?", arguments: [bucket, Data(key.utf8)])
        if condition.ifNoneMatch, etag != nil {
            throw ObjectStoreError(.preconditionFailed, "the object exists")
        }
        guard let expected = condition.ifMatch else { return }
        guard let etag else { throw ObjectStoreError(.noSuchKey, "there is no object of this key to be replaced") }
        guard expected == "*" || expected == etag else {
            throw ObjectStoreError(.preconditionFailed, "the object's ETag is \(etag), not \(expected)")
        }
    }

    static func replace(
        bucket: String,
        key: String,
        with object: NewObject,
        _ condition: WriteCondition,
        _ database: Database
    ) throws -> (ObjectInfo, garbage: [String]) {
        let id = try Self.bucket(bucket, database)
        try check(condition, id, key, database)
        let content = object.content
        try database.execute(
            sql: "INSERT INTO content (name, size, sha256, refs) VALUES (?, ?, ?, 1)",
            arguments: [content.name, content.size, content.sha256])
        let row = database.lastInsertedRowID
        let garbage = try release(id, key, database)
        let attributes = object.attributes
        try insert(
            id, key, content: row, etag: object.etag,
            [attributes.contentType, try encode(attributes.metadata), try encode(attributes.headers)],
            checksum: try encode(object.checksum), database)
        return (try entry(bucket: bucket, key: key, database).info, garbage)
    }

    /// Counts down the content of the object that is about to go; content at zero moves to `garbage`, whose rows name
    /// files to be removed once this transaction is durable.
    private static func release(_ bucket: Int64, _ key: String, _ database: Database) throws -> [String] {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT c.id, c.name, c.refs FROM object o JOIN content c ON c.id = o.content
                WHERE o.bucket = ? AND o.key = ?
                """,
            arguments: [bucket, Data(key.utf8)])
        guard let row else { return [] }
        let id: Int64 = row[0]
        let name: String = row[1]
        let references: Int64 = row[2]
        guard references == 1 else {
            try database.execute(sql: "UPDATE content SET refs = refs - 1 WHERE id = ?", arguments: [id])
            return []
        }
        try database.execute(sql: "DELETE FROM content WHERE id = ?", arguments: [id])
        try database.execute(sql: "INSERT INTO garbage (name) VALUES (?)", arguments: [name])
        return [name]
    }

    /// - Parameter attributes: Type, metadata and headers, as their columns hold them.
    private static func insert(
        _ bucket: Int64,
        _ key: String,
        content: Int64,
        etag: String,
        _ attributes: [(any DatabaseValueConvertible)?],
        checksum: String?,
        _ database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO object
                    (bucket, key, content, etag, type, metadata, headers, checksum, modified)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [bucket, Data(key.utf8), content, etag] + StatementArguments(attributes) + [checksum, now()])
    }
}
