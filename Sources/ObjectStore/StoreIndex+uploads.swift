import FoundationEssentials
import GRDB

extension StoreIndex {
    func parts(of name: UploadName, after: Int, limit: Int) throws -> PartListing {
        try database.read { database in
            let upload = try Self.uploadUnderWay(name, database)
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT number, size, md5, checksum, modified FROM part WHERE upload = ? AND number > ?
                    ORDER BY number LIMIT ?
                    """,
                arguments: [name.id, after, limit + 1])
            let parts = try rows.prefix(limit).map { row in
                PartInfo(
                    number: row[0], size: row[1], etag: row[2], checksum: try Self.decode(row[3]),
                    lastModified: Self.date(row[4]))
            }
            return PartListing(upload: upload.info, parts: parts, hasMore: rows.count > limit)
        }
    }

    /// Seeks past each common prefix, as the listing of objects does.
    func uploads(bucket name: String, _ request: ListRequest, after marker: UploadMarker?) throws -> UploadListing {
        try database.read { database in
            let bucket = try Self.bucket(name, database)
            let end = ListRequest.successor(of: request.prefix)
            var listing = UploadListing()
            // An identifier is ASCII, so that "" comes before all of them and "~" after.
            var next: (key: [UInt8], id: String)? = (request.firstKey, "")
            if let id = marker?.id, let key = request.startAfter, request.commonPrefix(of: key) == nil,
                !key.lexicographicallyPrecedes(request.prefix)
            {
                next = (key, id)
            }
            var last = marker
            while let start = next {
                next = nil
                let rows = try Self.uploadRows(bucket, from: start, to: end, database)
                while let row = try rows.next() {
                    guard listing.uploads.count + listing.commonPrefixes.count < request.limit else {
                        listing.next = last
                        return listing
                    }
                    if let common = request.commonPrefix(of: [UInt8](row[0] as Data)) {
                        let text = String(decoding: common, as: UTF8.self)
                        listing.commonPrefixes.append(text)
                        last = UploadMarker(key: text)
                        next = ListRequest.successor(of: common).map { ($0, "") }
                        break
                    }
                    let upload = try Self.upload(bucket: name, row).info
                    listing.uploads.append(upload)
                    last = UploadMarker(key: upload.name.key, id: upload.name.id)
                }
            }
            return listing
        }
    }

    /// Removes at most `limit` uploads, completed ones too; returns how many of either kind, and the parts' content.
    func abort(
        bucket: String,
        prefix: String,
        initiatedBefore time: Date,
        limit: Int
    ) throws -> (aborted: Int, removed: Int, garbage: [String]) {
        try database.write { database in
            let id = try Self.bucket(bucket, database)
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT key, id, etag FROM upload
                    WHERE initiated < ? AND bucket = ? AND substr(key, 1, ?) = ? LIMIT ?
                    """,
                arguments: [
                    Int64(time.timeIntervalSince1970 * 1000), id, prefix.utf8.count, Data(prefix.utf8), limit,
                ])
            var garbage: [String] = []
            for row in rows {
                garbage += try Self.removeUploads(
                    sql: "bucket = ? AND key = ? AND id = ?", arguments: [id, row[0] as Data, row[1] as String],
                    database)
            }
            return (rows.count { ($0[2] as String?) == nil }, rows.count, garbage)
        }
    }

    func forgetCompletedUploads() throws {
        try database.write { try Self.forgetCompletedUploads($0) }
    }

    /// Forgets that uploads were completed, a day after they were: nobody repeats a completion so late.
    static func forgetCompletedUploads(_ database: Database) throws {
        try database.execute(
            sql: "DELETE FROM upload WHERE initiated < ? AND etag IS NOT NULL", arguments: [now() - 86_400_000])
    }

    private static func uploadRows(
        _ bucket: Int64,
        from start: (key: [UInt8], id: String),
        to end: [UInt8]?,
        _ database: Database
    ) throws -> RowCursor {
        let bound = end == nil ? "" : "AND key < ?"
        let sql = """
            SELECT \(uploadColumns) FROM upload
            WHERE bucket = ? AND (key, id) > (?, ?) \(bound) AND etag IS NULL ORDER BY key, id
            """
        var arguments: StatementArguments = [bucket, Data(start.key), start.id]
        if let end {
            arguments += [Data(end)]
        }
        return try Row.fetchCursor(database, sql: sql, arguments: arguments)
    }
}
