import FoundationEssentials
import GRDB

/// One page of a listing, as bytes: Swift's own comparison of strings equates what differs in normalisation.
struct ListRequest: Sendable {
    var prefix: [UInt8]
    var delimiter: [UInt8]?
    var startAfter: [UInt8]?
    var limit: Int

    init(prefix: String, delimiter: String?, startAfter: String?, limit: Int) {
        self.prefix = Array(prefix.utf8)
        self.delimiter = delimiter.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        self.startAfter = startAfter.map { Array($0.utf8) }
        self.limit = limit
    }

    /// The common prefix that a key is rolled up into, if any.
    func commonPrefix(of key: [UInt8]) -> [UInt8]? {
        guard let delimiter, key.starts(with: prefix) else { return nil }
        var start = prefix.count
        while start + delimiter.count <= key.count {
            if key[start...].starts(with: delimiter) {
                return Array(key[..<(start + delimiter.count)])
            }
            start += 1
        }
        return nil
    }

    /// The first key that can be on the page.
    ///
    /// A `startAfter` that is a common prefix stands for all keys below it.
    var firstKey: [UInt8] {
        guard let startAfter, !startAfter.lexicographicallyPrecedes(prefix) else { return prefix }
        if commonPrefix(of: startAfter) == startAfter, let next = Self.successor(of: startAfter) {
            return next
        }
        return startAfter + [0]
    }

    /// The least byte string that is greater than all that begin with `prefix`; nil when there is none.
    static func successor(of prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.popLast() {
            if last < .max {
                return bytes + [last + 1]
            }
        }
        return nil
    }
}

extension StoreIndex {
    /// Seeks past each common prefix instead of reading the keys below it.
    func list(bucket name: String, _ request: ListRequest) throws -> ObjectListing {
        try database.read { database in
            let bucket = try Self.bucket(name, database)
            let end = ListRequest.successor(of: request.prefix)
            var listing = ObjectListing()
            var last: [UInt8] = []
            var next: [UInt8]? = request.firstKey
            while let start = next {
                next = nil
                let rows = try Self.rows(bucket, from: start, to: end, database)
                while let row = try rows.next() {
                    guard listing.objects.count + listing.commonPrefixes.count < request.limit else {
                        listing.nextStartAfter = String(decoding: last, as: UTF8.self)
                        return listing
                    }
                    let key = [UInt8](row[0] as Data)
                    if let common = request.commonPrefix(of: key) {
                        listing.commonPrefixes.append(String(decoding: common, as: UTF8.self))
                        last = common
                        next = ListRequest.successor(of: common)
                        break
                    }
                    listing.objects.append(try Self.entry(bucket: name, row).info)
                    last = key
                }
            }
            return listing
        }
    }

    private static func rows(
        _ bucket: Int64,
        from start: [UInt8],
        to end: [UInt8]?,
        _ database: Database
    ) throws -> RowCursor {
        let bound = end == nil ? "" : "AND o.key < ?"
        let sql = """
            SELECT \(columns) FROM object o JOIN content c ON c.id = o.content
            WHERE o.bucket = ? AND o.key >= ? \(bound) ORDER BY o.key
            """
        var arguments: StatementArguments = [bucket, Data(start)]
        if let end {
            arguments += [Data(end)]
        }
        return try Row.fetchCursor(database, sql: sql, arguments: arguments)
    }
}
