import FoundationEssentials
import GRDB

extension StoreIndex {
    // MARK: What is remembered of scrubs

    /// The scrub that ended last.
    func lastScrub() throws -> ScrubReport? {
        try note("scrub")
    }

    /// The scrub that was cut, or is under way.
    func scrubUnderWay() throws -> ScrubState? {
        try note("scrub under way")
    }

    func remember(_ state: ScrubState) throws {
        let text = try Self.encode(state)
        try database.write { database in
            guard state.report.endedAt != nil else { return try Self.setNote("scrub under way", text, database) }
            try Self.setNote("scrub", try Self.encode(state.report), database)
            try database.execute(sql: "DELETE FROM note WHERE name = 'scrub under way'")
        }
    }

    private func note<T: Decodable>(_ name: String) throws -> T? {
        try database.read { database in
            try Self.decode(
                String.fetchOne(database, sql: "SELECT value FROM note WHERE name = ?", arguments: [name]))
        }
    }

    private static func setNote(_ name: String, _ value: String?, _ database: Database) throws {
        try database.execute(sql: "INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)", arguments: [name, value])
    }

    // MARK: Rows against files

    /// One page of objects' content, by name.
    func contents(after name: String, limit: Int) throws -> [ContentRow] {
        try database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT name, size, sha256 FROM content WHERE name > ? ORDER BY name LIMIT ?",
                arguments: [name, limit]
            ).map { ContentRow(name: $0[0], size: $0[1], digest: $0[2]) }
        }
    }

    /// One page of parts' content, by name.
    func parts(after name: String, limit: Int) throws -> [ContentRow] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT name, size, md5, upload || '/' || number FROM part WHERE name > ? ORDER BY name LIMIT ?",
                arguments: [name, limit]
            ).map { ContentRow(name: $0[0], size: $0[1], digest: $0[2], part: $0[3]) }
        }
    }

    /// Those of the names that no object, part or garbage row has.
    func unknown(_ names: [String]) throws -> [String] {
        let marks = databaseQuestionMarks(count: names.count)
        let known = try database.read { database in
            try Set(
                ["content", "part", "garbage"].flatMap { table in
                    try String.fetchAll(
                        database, sql: "SELECT name FROM \(table) WHERE name IN (\(marks))",
                        arguments: StatementArguments(names))
                })
        }
        return names.filter { !known.contains($0) }
    }

    /// Rows that name files, those of removed content included.
    func fileRows() throws -> Int64 {
        try database.read { database in
            try Int64.fetchOne(
                database,
                sql: """
                    SELECT (SELECT contents FROM total) + (SELECT COUNT(*) FROM part) + (SELECT COUNT(*) FROM garbage)
                    """) ?? 0
        }
    }

    func bytesToScrub() throws -> Int64 {
        try database.read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT (SELECT content_bytes FROM total) + (SELECT COALESCE(SUM(size), 0) FROM part)") ?? 0
        }
    }

    /// Says whose bytes a content is; reads all objects, so only for what is wrong.
    func owners(of name: String, into finding: inout ScrubFinding) throws {
        try database.read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT b.name, o.key FROM object o JOIN bucket b ON b.id = o.bucket
                    WHERE o.content = (SELECT id FROM content WHERE name = ?)
                    """,
                arguments: [name])
            while let row = try rows.next() {
                finding.objectCount += 1
                if finding.objects.count < 10 {
                    finding.objects.append("\(row[0] as String)/\(String(decoding: row[1] as Data, as: UTF8.self))")
                }
            }
        }
    }

    // MARK: The index against itself

    /// What is wrong in the index alone, at most a hundred of each kind.
    func contradictions() throws -> [ScrubFinding] {
        try database.read { database in
            let damage = try String.fetchAll(database, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
            // Where SQLite's own structure is broken, what the rows say is worth nothing.
            guard damage.isEmpty else { return damage.map { ScrubFinding(.index, file: nil, "SQLite: \($0)") } }
            return try Self.contradictions.flatMap { sql in
                try Row.fetchAll(database, sql: sql + " LIMIT 100").map { row in
                    let owner = (row[1] as Data?).map { " of \(String(decoding: $0, as: UTF8.self).debugDescription)" }
                    return ScrubFinding(.index, file: nil, (row[0] as String) + (owner ?? ""))
                }
            }
        }
    }

    /// Queries for what can't be: a sentence, and a key where one is concerned.
    private static let contradictions = [
        """
        SELECT 'an object has no content: bucket ' || COALESCE(b.name, o.bucket), o.key
        FROM object o LEFT JOIN content c ON c.id = o.content LEFT JOIN bucket b ON b.id = o.bucket
        WHERE c.id IS NULL OR b.id IS NULL
        """,
        """
        SELECT 'content ' || c.name || ' is counted ' || c.refs || ' times, but named by ' || COALESCE(n.count, 0)
            || ' objects', NULL
        FROM content c
        LEFT JOIN (SELECT content, COUNT(*) AS count FROM object GROUP BY content) n ON n.content = c.id
        WHERE c.refs <> COALESCE(n.count, 0)
        """,
        """
        SELECT 'part ' || p.number || ' belongs to no upload under way: ' || p.upload, NULL
        FROM part p LEFT JOIN upload u ON u.id = p.upload WHERE u.id IS NULL OR u.etag IS NOT NULL
        """,
        """
        SELECT 'a file is named by a row and by the list of garbage: ' || g.name, NULL
        FROM garbage g WHERE g.name IN (SELECT name FROM content) OR g.name IN (SELECT name FROM part)
        """,
        """
        SELECT 'the totals are wrong', NULL
        FROM total t, (
            SELECT COALESCE(SUM(refs), 0) AS objects, COALESCE(SUM(refs * size), 0) AS object_bytes,
                COUNT(*) AS contents, COALESCE(SUM(size), 0) AS content_bytes
            FROM content
        ) c
        WHERE t.objects <> c.objects OR t.object_bytes <> c.object_bytes
            OR t.contents <> c.contents OR t.content_bytes <> c.content_bytes
        """,
    ]
}
