import GRDB

extension StoreIndex {
    /// Each step is applied once, in order; a step that was released is never changed.
    static var migrator: DatabaseMigrator {
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
        migrator.registerMigration("v2 totals") { database in
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
        migrator.registerMigration("v3 multipart") { database in
            // `id` begins with the time, so that it sorts by it. `etag` is set once the upload is completed; the row
            // stays a while, so that a repeated completion can be told that it succeeded.
            // A part's file is content of its own, which no `content` row names.
            try database.execute(
                sql: """
                    ALTER TABLE bucket ADD COLUMN rules TEXT;
                    ALTER TABLE object ADD COLUMN headers TEXT;
                    ALTER TABLE object ADD COLUMN checksum TEXT;
                    CREATE TABLE upload (
                        bucket INTEGER NOT NULL REFERENCES bucket(id), key BLOB NOT NULL, id TEXT NOT NULL,
                        type TEXT NOT NULL, metadata TEXT NOT NULL, headers TEXT, algorithm TEXT, kind TEXT NOT NULL,
                        initiator TEXT NOT NULL, initiated INTEGER NOT NULL, etag TEXT,
                        PRIMARY KEY (bucket, key, id)
                    ) WITHOUT ROWID;
                    CREATE INDEX upload_initiated ON upload (initiated);
                    CREATE TABLE part (
                        upload TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
                        md5 TEXT NOT NULL, checksum TEXT, modified INTEGER NOT NULL,
                        PRIMARY KEY (upload, number)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("v4 completed uploads") { database in
            // Of a completed upload `initiated` is when it was completed. Those that are to be forgotten are found
            // without a look at the ones that are under way.
            try database.execute(sql: "CREATE INDEX upload_completed ON upload (initiated) WHERE etag IS NOT NULL")
        }
        migrator.registerMigration("v5 notes") { database in
            // What the store remembers of itself, as JSON: how far a scrub is, and what the last one found.
            try database.execute(sql: "CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        }
        return migrator
    }
}
