import Crypto
import FoundationEssentials
import GRDB

/// A part's content file.
struct PartFile: Sendable, Equatable {
    var number: Int
    var name: String
    var size: Int64
}

/// What completing an upload will do, or has done.
enum CompletionPlan: Sendable {
    case assemble([PartFile], UploadRow, etag: String, composite: ObjectChecksum?)
    case completed(ObjectInfo)
}

/// An upload with what its object will have.
struct UploadRow: Sendable {
    var info: UploadInfo
    var attributes: ObjectAttributes
    /// Set once it is completed.
    var etag: String?
}

extension StoreIndex {
    static let minimumPartBytes: Int64 = 5 << 20

    func createUpload(bucket: String, key: String, options: UploadOptions) throws -> UploadInfo {
        try database.write { database in
            let now = Self.now()
            let digits = String(now, radix: 16)
            // 48 bits of milliseconds last until the year 10889; the rest keeps it from being guessed.
            let id = String(repeating: "0", count: max(0, 12 - digits.count)) + digits + OpaqueName.random()
            try database.execute(
                sql: """
                    INSERT INTO upload
                        (bucket, key, id, type, metadata, headers, algorithm, kind, initiator, initiated)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    try Self.bucket(bucket, database), Data(key.utf8), id, options.attributes.contentType,
                    try Self.encode(options.attributes.metadata), try Self.encode(options.attributes.headers),
                    options.checksum?.rawValue, options.checksumKind.rawValue, options.initiator, now,
                ])
            return try Self.upload(UploadName(bucket: bucket, key: key, id: id), database).info
        }
    }

    func uploadUnderWay(_ name: UploadName) throws -> UploadInfo {
        try database.read { try Self.uploadUnderWay(name, $0).info }
    }

    func commitPart(
        _ content: ContentFile,
        of upload: UploadName,
        number: Int
    ) throws -> (PartInfo, garbage: [String]) {
        try database.write { database in
            _ = try Self.uploadUnderWay(upload, database)
            let replaced = try String.fetchOne(
                database, sql: "SELECT name FROM part WHERE upload = ? AND number = ?", arguments: [upload.id, number])
            if let replaced {
                try database.execute(sql: "INSERT INTO garbage (name) VALUES (?)", arguments: [replaced])
            }
            let now = Self.now()
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO part (upload, number, name, size, md5, checksum, modified)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    upload.id, number, content.name, content.size, content.etag, try Self.encode(content.checksum), now,
                ])
            let part = PartInfo(
                number: number, size: content.size, etag: content.etag, checksum: content.checksum,
                lastModified: Self.date(now))
            return (part, replaced.map { [$0] } ?? [])
        }
    }

    func plan(_ name: UploadName, _ named: [CompletedPart], _ condition: WriteCondition) throws -> CompletionPlan {
        guard !named.isEmpty else { throw ObjectStoreError(.invalidArgument, "an object has one part at least") }
        guard zip(named, named.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw ObjectStoreError(.invalidPartOrder, "the numbers of the parts must ascend")
        }
        return try database.read { database in
            let upload = try Self.upload(name, database)
            let etag = Self.etag(ofParts: named.map(\.etag))
            if let completed = upload.etag {
                guard completed == etag,
                    let object = try? Self.entry(bucket: name.bucket, key: name.key, database), object.info.etag == etag
                else { throw ObjectStoreError(.noSuchUpload, "the upload was completed") }
                return .completed(object.info)
            }
            let bucket = try Self.bucket(name.bucket, database)
            try Self.check(condition, bucket, name.key, database)
            var files: [PartFile] = []
            var checksums: [String] = []
            for part in named {
                let (file, checksum) = try Self.match(part, of: name, isLast: part == named.last, database)
                files.append(file)
                checksums += checksum.map { [$0.value] } ?? []
            }
            var composite: ObjectChecksum?
            if let algorithm = upload.info.checksum, upload.info.checksumKind == .composite {
                composite = ObjectChecksum(
                    algorithm: algorithm, kind: .composite, value: algorithm.composite(of: checksums))
            }
            return .assemble(files, upload, etag: etag, composite: composite)
        }
    }

    /// Makes the object of assembled parts, unless the upload changed since the plan (`.noSuchUpload`).
    func complete(
        _ name: UploadName,
        _ parts: [PartFile],
        with object: NewObject,
        _ condition: WriteCondition
    ) throws -> (ObjectInfo, garbage: [String]) {
        try database.write { database in
            _ = try Self.uploadUnderWay(name, database)
            for part in parts {
                let current = try String.fetchOne(
                    database, sql: "SELECT name FROM part WHERE upload = ? AND number = ?",
                    arguments: [name.id, part.number])
                guard current == part.name else {
                    throw ObjectStoreError(.noSuchUpload, "a part was replaced while the upload was completed")
                }
            }
            let (info, garbage) = try Self.replace(
                bucket: name.bucket, key: name.key, with: object, condition, database)
            let dropped = try Self.removeParts(of: [name.id], database)
            try database.execute(
                sql: "UPDATE upload SET etag = ?, initiated = ? WHERE bucket = ? AND key = ? AND id = ?",
                arguments: [
                    object.etag, Self.now(), try Self.bucket(name.bucket, database), Data(name.key.utf8), name.id,
                ])
            try Self.forgetCompletedUploads(database)
            return (info, garbage + dropped)
        }
    }

    func abort(_ name: UploadName) throws -> [String] {
        try database.write { database in
            _ = try Self.uploadUnderWay(name, database)
            return try Self.removeUploads(
                sql: "bucket = ? AND key = ? AND id = ?",
                arguments: [try Self.bucket(name.bucket, database), Data(name.key.utf8), name.id], database)
        }
    }
}

extension StoreIndex {
    static func uploadUnderWay(_ name: UploadName, _ database: Database) throws -> UploadRow {
        let upload = try upload(name, database)
        guard upload.etag == nil else { throw ObjectStoreError(.noSuchUpload, "the upload was completed") }
        return upload
    }

    /// An upload that is under way, or was completed a while ago.
    static func upload(_ name: UploadName, _ database: Database) throws -> UploadRow {
        let row = try Row.fetchOne(
            database, sql: "SELECT \(uploadColumns) FROM upload WHERE bucket = ? AND key = ? AND id = ?",
            arguments: [try bucket(name.bucket, database), Data(name.key.utf8), name.id])
        guard let row else { throw ObjectStoreError(.noSuchUpload, "there is no such upload of this key") }
        return try upload(bucket: name.bucket, row)
    }

    static let uploadColumns = "key, id, type, metadata, headers, algorithm, kind, initiator, initiated, etag"

    static func upload(bucket: String, _ row: Row) throws -> UploadRow {
        let key: Data = row[0]
        let info = UploadInfo(
            name: UploadName(bucket: bucket, key: String(decoding: key, as: UTF8.self), id: row[1]),
            initiated: date(row[8]), initiator: row[7],
            checksum: (row[5] as String?).flatMap(ChecksumAlgorithm.init(rawValue:)),
            checksumKind: ChecksumKind(rawValue: row[6]) ?? .composite)
        let attributes = ObjectAttributes(
            contentType: row[2], metadata: try decode(row[3]) ?? [:], headers: try decode(row[4]) ?? ContentHeaders())
        return UploadRow(info: info, attributes: attributes, etag: row[9])
    }

    /// Removes uploads that an SQL condition selects; returns the names of their parts' content.
    static func removeUploads(
        sql condition: String,
        arguments: StatementArguments,
        _ database: Database
    ) throws -> [String] {
        let ids = try String.fetchAll(database, sql: "SELECT id FROM upload WHERE \(condition)", arguments: arguments)
        let garbage = try removeParts(of: ids, database)
        try database.execute(sql: "DELETE FROM upload WHERE \(condition)", arguments: arguments)
        return garbage
    }

    private static func removeParts(of uploads: [String], _ database: Database) throws -> [String] {
        var names: [String] = []
        for id in uploads {
            names += try String.fetchAll(database, sql: "SELECT name FROM part WHERE upload = ?", arguments: [id])
            try database.execute(
                sql: "INSERT INTO garbage (name) SELECT name FROM part WHERE upload = ?", arguments: [id])
            try database.execute(sql: "DELETE FROM part WHERE upload = ?", arguments: [id])
        }
        return names
    }

    private static func match(
        _ named: CompletedPart,
        of upload: UploadName,
        isLast: Bool,
        _ database: Database
    ) throws -> (PartFile, ObjectChecksum?) {
        let row = try Row.fetchOne(
            database, sql: "SELECT name, size, md5, checksum FROM part WHERE upload = ? AND number = ?",
            arguments: [upload.id, named.number])
        guard let row, named.etag == row[2] else {
            throw ObjectStoreError(.invalidPart, "part \(named.number) is missing or has another ETag")
        }
        let checksum: ObjectChecksum? = try decode(row[3])
        guard named.checksum == nil || named.checksum == checksum?.value else {
            throw ObjectStoreError(.invalidPart, "part \(named.number) has another checksum")
        }
        let file = PartFile(number: named.number, name: row[0], size: row[1])
        guard isLast || file.size >= minimumPartBytes else {
            throw ObjectStoreError(.partTooSmall, "part \(named.number) has \(file.size) bytes, but is not the last")
        }
        return (file, checksum)
    }

    private static func etag(ofParts etags: [String]) -> String {
        "\(Hex.encode(Insecure.MD5.hash(data: etags.flatMap { Hex.decode($0) ?? [] })))-\(etags.count)"
    }
}
