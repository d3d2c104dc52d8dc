import FoundationEssentials
import GRDB

extension StoreIndex {
    /// Fails before a body is read for what would fail after it.
    func checkPut(bucket: String, key: String, ifNoneMatch: Bool) throws {
        try database.read { database in
            let id = try Self.bucket(bucket, database)
            guard ifNoneMatch else { return }
            try Self.checkAbsent(id, key, database)
        }
    }

    /// Makes content that is durable the object's; returns the names of content that nobody names any more.
    func commit(
        _ content: ContentFile,
        bucket: String,
        key: String,
        options: PutOptions
    ) throws -> (ObjectInfo, garbage: [String]) {
        try database.write { database in
            let id = try Self.bucket(bucket, database)
            if options.ifNoneMatch {
                try Self.checkAbsent(id, key, database)
            }
            try database.execute(
                sql: "INSERT INTO content (name, size, sha256, refs) VALUES (?, ?, ?, 1)",
                arguments: [content.name, content.size, content.sha256])
            let garbage = try Self.release(id, key, database)
            try Self.insert(
                id, key, content: database.lastInsertedRowID, etag: content.md5, type: options.contentType,
                metadata: Self.encode(options.metadata), database)
            return (try Self.entry(bucket: bucket, key: key, database).info, garbage)
        }
    }

    func copy(
        from source: ObjectName,
        to destination: ObjectName,
        options: CopyOptions?
    ) throws -> (ObjectInfo, garbage: [String]) {
        try database.write { database in
            let from = try Self.bucket(source.bucket, database)
            let target = try Self.bucket(destination.bucket, database)
            let row = try Row.fetchOne(
                database, sql: "SELECT content, etag, type, metadata FROM object WHERE bucket = ? AND key = ?",
                arguments: [from, Data(source.key.utf8)])
            guard let row else {
                throw ObjectStoreError(.noSuchKey, "bucket \(source.bucket) has no object of this key")
            }
            // Counted before the old object is let go: a copy onto itself must not collect its own content.
            try database.execute(sql: "UPDATE content SET refs = refs + 1 WHERE id = ?", arguments: [row[0] as Int64])
            let garbage = try Self.release(target, destination.key, database)
            try Self.insert(
                target, destination.key, content: row[0], etag: row[1], type: options?.contentType ?? row[2],
                metadata: options.map { try Self.encode($0.metadata) } ?? row[3], database)
            let info = try Self.entry(bucket: destination.bucket, key: destination.key, database).info
            return (info, garbage)
        }
    }

    /// Nil when there was no such object.
    func delete(bucket: String, key: String) throws -> [String]? {
        try database.write { database in
            let id = try Self.bucket(bucket, database)
            let garbage = try Self.release(id, key, database)
            try database.execute(
                sql: "DELETE FROM object WHERE bucket = ? AND key = ?", arguments: [id, Data(key.utf8)])
            return database.changesCount == 0 ? nil : garbage
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
    private static func checkAbsent(_ bucket: Int64, _ key: String, _ database: Database) throws {
        let exists = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM object WHERE bucket = ? AND key = ?)",
            arguments: [bucket, Data(key.utf8)])
        guard exists == false else { throw ObjectStoreError(.preconditionFailed, "the object exists") }
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

    private static func insert(
        _ bucket: Int64,
        _ key: String,
        content: Int64,
        etag: String,
        type: String,
        metadata: String,
        _ database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO object (bucket, key, content, etag, type, metadata, modified)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [bucket, Data(key.utf8), content, etag, type, metadata, now()])
    }

    private static func encode(_ metadata: [String: String]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(metadata), as: UTF8.self)
    }
}
