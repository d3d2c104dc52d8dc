/// A preview of a file in the public bucket that is no thumbnail.
public struct Preview: Codable, Sendable, Equatable {
    /// What it shows.
    public enum Role: String, Codable, Sendable {
        /// Some seconds of sound or film.
        case clip
        /// A page of a document.
        case page
    }

    /// What it shows.
    public var role: Role
    /// Its name below the upload, as `clip.m4a` or `page-2.webp`; see ``isName(_:)``.
    public var name: String
    /// The media type.
    public var type: String
    /// Bytes.
    public var size: Int64
    /// Pixels.
    @ExplicitNull public var width: Int?
    /// Pixels.
    @ExplicitNull public var height: Int?
    /// Seconds, of a clip.
    @ExplicitNull public var duration: Double?
    /// Counted from 1, of a page.
    @ExplicitNull public var page: Int?
    /// Where it is; absent in records, as the public URL may change.
    public var url: String?

    private enum CodingKeys: String, CodingKey {
        case role, name, type, size, width, height, page, url
        case duration = "duration_s"
    }

    /// Describes a preview.
    public init(
        role: Role, name: String, type: String, size: Int64, width: Int? = nil, height: Int? = nil,
        duration: Double? = nil, page: Int? = nil
    ) {
        self.role = role
        self.name = name
        self.type = type
        self.size = size
        self.width = width
        self.height = height
        self.duration = duration
        self.page = page
    }

    /// The object's key in the bucket ``Uploads/mediaBucket``.
    public func objectKey(upload: String) -> String {
        "\(upload)/\(name)"
    }

    /// Whether a name below an upload is one that thumbnails and previews have, so that others need no look.
    ///
    /// `<width>.webp`, `<width>.jpg`, `clip.m4a`, `clip.mp4` and `page-<number>.webp`.
    public static func isName(_ name: String) -> Bool {
        name.wholeMatch(of: #/[0-9]{1,5}\.(webp|jpg)|clip\.(m4a|mp4)|page-[0-9]{1,4}\.webp/#) != nil
    }
}
