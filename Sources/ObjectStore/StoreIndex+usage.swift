import GRDB

extension StoreIndex {
    /// All of one moment.
    func usage() throws -> StoreUsage {
        try database.read { database in
            let uploads = try Row.fetchAll(
                database,
                sql: """
                    SELECT u.bucket, COUNT(DISTINCT u.id), COUNT(p.name), COALESCE(SUM(p.size), 0)
                    FROM upload u LEFT JOIN part p ON p.upload = u.id WHERE u.etag IS NULL GROUP BY u.bucket
                    """)
            let byBucket = Dictionary(uniqueKeysWithValues: uploads.map { ($0[0] as Int64, $0) })
            let buckets = try Row.fetchAll(
                database,
                sql: """
                    SELECT b.id, b.name, COUNT(o.key), COALESCE(SUM(c.size), 0)
                    FROM bucket b LEFT JOIN object o ON o.bucket = b.id LEFT JOIN content c ON c.id = o.content
                    GROUP BY b.id ORDER BY b.name
                    """
            ).map { row in
                let uploads = byBucket[row[0]]
                return StoreUsage.Bucket(
                    name: row[1], objects: row[2], bytes: row[3], uploads: uploads?[1] ?? 0,
                    uploadBytes: uploads?[3] ?? 0)
            }
            let total = try Self.statistics(database)
            let shared = try Row.fetchOne(
                database, sql: "SELECT COUNT(*), COALESCE(SUM((refs - 1) * size), 0) FROM content WHERE refs > 1")
            return StoreUsage(
                buckets: buckets, objects: total.objects, objectBytes: total.objectBytes, contents: total.contents,
                contentBytes: total.contentBytes, sharedContents: shared?[0] ?? 0, savedBytes: shared?[1] ?? 0,
                uploads: buckets.reduce(0) { $0 + $1.uploads }, parts: uploads.reduce(0) { $0 + ($1[2] as Int64) },
                partBytes: buckets.reduce(0) { $0 + $1.uploadBytes },
                garbage: try Int64.fetchOne(database, sql: "SELECT COUNT(*) FROM garbage") ?? 0,
                quarantined: 0, quarantinedBytes: 0)
        }
    }
}
