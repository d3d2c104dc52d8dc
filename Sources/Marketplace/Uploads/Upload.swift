import Foundation

/// Where an upload is on its way: `pending → uploaded → processing → ready | rejected | quarantined`.
public enum UploadState: String, Codable, Sendable {
    /// Waits for its bytes.
    case pending
    /// The bytes are there.
    case uploaded
    /// A worker looks at them.
    case processing
    /// Can be sold. Never changes again.
    case ready
    /// Was refused, and its bytes deleted.
    case rejected
    /// Was refused as dangerous, and its bytes kept for the operator.
    case quarantined
}

/// What an upload is for.
public enum UploadPurpose: String, Codable, Sendable {
    /// To be sold.
    case file
    /// To be a product's picture.
    case cover
}

/// What a seller says of a file before sending it.
public struct NewUpload: Codable, Sendable {
    /// The name that buyers will see.
    public var filename: String
    /// Bytes.
    public var size: Int64
    /// The media type.
    public var contentType: String
    /// The SHA-256 in hex, if the seller knows it; ingestion compares.
    public var sha256: String?
    /// What it is for.
    public var purpose: UploadPurpose

    private enum CodingKeys: String, CodingKey {
        case filename, size, sha256, purpose
        case contentType = "content_type"
    }

    /// Describes a file.
    public init(
        filename: String, size: Int64, contentType: String, sha256: String? = nil, purpose: UploadPurpose = .file
    ) {
        self.filename = filename
        self.size = size
        self.contentType = contentType
        self.sha256 = sha256
        self.purpose = purpose
    }

    /// Reads the request; `purpose` is `file` unless given.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        filename = try container.decode(String.self, forKey: .filename)
        size = try container.decode(Int64.self, forKey: .size)
        contentType = try container.decode(String.self, forKey: .contentType)
        sha256 = try container.decodeIfPresent(String.self, forKey: .sha256)
        purpose = try container.decodeIfPresent(UploadPurpose.self, forKey: .purpose) ?? .file
    }
}

/// How the bytes of a pending upload are sent: one request, exactly as described.
public struct UploadInstructions: Codable, Sendable, Equatable {
    /// `PUT`.
    public var method: String
    /// The presigned URL.
    public var url: String
    /// The headers that the signature holds the request to.
    public var headers: [String: String]
    /// When the URL ends; ask for the upload again to get a fresh one.
    public var expiresAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case method, url, headers
        case expiresAt = "expires_at"
    }
}

/// Why an upload was refused.
public struct UploadProblem: Codable, Sendable, Equatable {
    /// The stable code.
    public var code: String
    /// A sentence for its owner.
    public var detail: String

    /// Names a problem.
    public init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// A file on its way from a seller to a product, as its owner sees it.
public struct Upload: Encodable, Sendable, Equatable {
    /// `upl_…`.
    public var id: String
    /// Whose it is; not part of the representation.
    public var owner: String
    /// The name as the seller gave it: for showing, never for a path.
    public var filename: String
    /// Declared bytes; the object has as many.
    public var size: Int64
    /// Declared media type.
    public var contentType: String
    /// Declared SHA-256.
    @ExplicitNull public var sha256: String?
    /// What it is for.
    public var purpose: UploadPurpose
    /// How far it is.
    public var state: UploadState
    /// When it was announced.
    public var createdAt: Timestamp
    /// How to send the bytes, while it is pending.
    @ExplicitNull public var instructions: UploadInstructions?
    /// What ingestion found, once it ended.
    @ExplicitNull public var report: UploadReport?
    /// Why it was refused, if it was.
    @ExplicitNull public var problem: UploadProblem?
    /// The object's ETag at the completion; not part of the representation.
    public var etag: String
    /// What an operator decided about it in its quarantine, and why; not part of the representation.
    public var review: String?
    /// What the scanner found and an operator waived; not part of the representation.
    public var waived: UploadProblem?

    /// The object's key in the bucket ``Uploads/bucket``.
    public var objectKey: String { "\(owner)/\(id)" }

    private enum CodingKeys: String, CodingKey {
        case id, object, filename, size, sha256, purpose, state, report, problem
        case contentType = "content_type"
        case createdAt = "created_at"
        case instructions = "upload"
    }

    init(record: [String: String], publicURL: String) throws {
        let id = record["id"] ?? "?"
        func field(_ name: String) throws -> String {
            guard let value = record[name] else { throw RecordError("upl:\(id)", field: name) }
            return value
        }
        func decoded<Value: Decodable>(_ name: String, _ type: Value.Type) throws -> Value? {
            guard let text = record[name], !text.isEmpty else { return nil }
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        }
        guard let size = Int64(try field("size")), let created = Int64(try field("created")),
            let purpose = UploadPurpose(rawValue: try field("purpose")),
            let state = UploadState(rawValue: try field("state"))
        else { throw RecordError("upl:\(id)", field: "size, created, purpose or state") }
        self.id = id
        owner = try field("owner")
        filename = try field("filename")
        self.size = size
        contentType = try field("content_type")
        sha256 = record["sha256"].flatMap { $0.isEmpty ? nil : $0 }
        self.purpose = purpose
        self.state = state
        createdAt = Timestamp(milliseconds: created)
        report = try decoded("report", UploadReport.self)?.located(upload: id, publicURL: publicURL)
        problem = try decoded("problem", UploadProblem.self)
        etag = record["etag"] ?? ""
        review = record["review"]
        waived = try decoded("waived", UploadProblem.self)
    }

    /// Writes the representation of the contract.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("upload", forKey: .object)
        try container.encode(filename, forKey: .filename)
        try container.encode(size, forKey: .size)
        try container.encode(contentType, forKey: .contentType)
        try container.encode(sha256, forKey: .sha256)
        try container.encode(purpose, forKey: .purpose)
        try container.encode(state, forKey: .state)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(instructions, forKey: .instructions)
        try container.encode(report, forKey: .report)
        try container.encode(problem, forKey: .problem)
    }
}
