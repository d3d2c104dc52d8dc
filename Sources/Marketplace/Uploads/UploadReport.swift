/// What a file is, as buyers think of it.
public enum FileKind: String, Codable, Sendable, CaseIterable {
    /// EPUB and the like.
    case ebook
    /// PDF, text, office documents.
    case document
    /// Sound.
    case audio
    /// Pictures.
    case image
    /// Fonts.
    case font
    /// ZIP, tar and the like.
    case archive
    /// Programs and packages.
    case software
    /// Moving pictures.
    case video
    /// Anything else.
    case other
}

/// What ingestion found out about a file.
public struct UploadReport: Codable, Sendable, Equatable {
    /// One thing that was looked at.
    public struct Check: Codable, Sendable, Equatable {
        /// What was looked at, for instance `sha256`, `type` or `archive`.
        public var name: String
        /// How it ended: `passed`, `failed`, `skipped`.
        public var result: String
        /// A sentence for people.
        @ExplicitNull public var detail: String?

        /// Records a check.
        public init(name: String, result: String, detail: String? = nil) {
            self.name = name
            self.result = result
            self.detail = detail
        }
    }

    /// The SHA-256 of the whole content, in lower-case hex.
    public var sha256: String
    /// The media type by the content.
    public var detectedType: String
    /// What kind of file it is.
    public var kind: FileKind
    /// Bytes.
    public var size: Int64
    /// Pixels, for pictures.
    @ExplicitNull public var width: Int?
    /// Pixels, for pictures.
    @ExplicitNull public var height: Int?
    /// An earlier upload of the same owner with the same content.
    @ExplicitNull public var duplicateOf: String?
    /// What was looked at.
    public var checks: [Check]
    /// Small pictures of it: of a picture, a first page, a cover, a poster frame or a font's specimen.
    public var thumbnails: [Thumbnail]
    /// A tiny picture as a `data:` URL.
    @ExplicitNull public var placeholder: String?
    /// What the file says of itself, by kind.
    @ExplicitNull public var metadata: FileMetadata?
    /// Previews besides the thumbnails: clips and pages.
    public var previews: [Preview]

    private enum CodingKeys: String, CodingKey {
        case sha256, kind, size, width, height, checks, thumbnails, placeholder, metadata, previews
        case detectedType = "detected_type"
        case duplicateOf = "duplicate_of"
    }

    /// Makes a report.
    public init(
        sha256: String, detectedType: String, kind: FileKind, size: Int64, width: Int? = nil, height: Int? = nil,
        duplicateOf: String? = nil, checks: [Check] = [], thumbnails: [Thumbnail] = [], placeholder: String? = nil,
        metadata: FileMetadata? = nil, previews: [Preview] = []
    ) {
        self.sha256 = sha256
        self.detectedType = detectedType
        self.kind = kind
        self.size = size
        self.width = width
        self.height = height
        self.duplicateOf = duplicateOf
        self.checks = checks
        self.thumbnails = thumbnails
        self.placeholder = placeholder
        self.metadata = metadata
        self.previews = previews
    }

    /// Reads a report; those from before there were metadata and previews have none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sha256 = try container.decode(String.self, forKey: .sha256)
        detectedType = try container.decode(String.self, forKey: .detectedType)
        kind = try container.decode(FileKind.self, forKey: .kind)
        size = try container.decode(Int64.self, forKey: .size)
        width = try container.decodeIfPresent(Int.self, forKey: .width)
        height = try container.decodeIfPresent(Int.self, forKey: .height)
        duplicateOf = try container.decodeIfPresent(String.self, forKey: .duplicateOf)
        checks = try container.decode([Check].self, forKey: .checks)
        thumbnails = try container.decode([Thumbnail].self, forKey: .thumbnails)
        placeholder = try container.decodeIfPresent(String.self, forKey: .placeholder)
        metadata = try container.decodeIfPresent(FileMetadata.self, forKey: .metadata)
        previews = try container.decodeIfPresent([Preview].self, forKey: .previews) ?? []
    }

    /// The keys of its thumbnails and previews in the bucket ``Uploads/mediaBucket``.
    public func publicKeys(upload: String) -> [String] {
        thumbnails.map { $0.objectKey(upload: upload) } + previews.map { $0.objectKey(upload: upload) }
    }

    /// The same with the URLs of thumbnails and previews; without a public URL, as it is kept: without them.
    func located(upload: String, publicURL: String?) -> UploadReport {
        func url(_ key: String) -> String? { publicURL.map { "\($0)/v1/media/\(key)" } }
        var copy = self
        for index in thumbnails.indices {
            copy.thumbnails[index].url = url(thumbnails[index].objectKey(upload: upload))
        }
        for index in previews.indices { copy.previews[index].url = url(previews[index].objectKey(upload: upload)) }
        return copy
    }
}

/// A smaller variant of a picture in the public bucket.
public struct Thumbnail: Codable, Sendable, Equatable {
    /// Pixels.
    public var width: Int
    /// Pixels.
    public var height: Int?
    /// `image/webp` or `image/jpeg`.
    public var type: String
    /// Where it is; absent in records, as the public URL may change.
    public var url: String?

    /// Describes a thumbnail.
    public init(width: Int, height: Int? = nil, type: String, url: String? = nil) {
        self.width = width
        self.height = height
        self.type = type
        self.url = url
    }

    /// The object's key in the bucket ``Uploads/mediaBucket``: `<upload>/<width>.webp` or `.jpg`.
    public func objectKey(upload: String) -> String {
        "\(upload)/\(width).\(type == "image/webp" ? "webp" : "jpg")"
    }

    func located(upload: String, publicURL: String) -> Thumbnail {
        var copy = self
        copy.url = "\(publicURL)/v1/media/\(objectKey(upload: upload))"
        return copy
    }
}
