/// What a file says of itself: one part for what it is, or none.
public struct FileMetadata: Codable, Sendable, Equatable {
    /// Of a PDF.
    public var document: DocumentMetadata?
    /// Of an EPUB.
    public var book: BookMetadata?
    /// Of sound.
    public var audio: AudioMetadata?
    /// Of moving pictures.
    public var video: VideoMetadata?
    /// Of a font.
    public var font: FontMetadata?
    /// Of an archive, also of one that is a book or a program by its name.
    public var archive: ArchiveMetadata?

    /// Makes metadata.
    public init(
        document: DocumentMetadata? = nil, book: BookMetadata? = nil, audio: AudioMetadata? = nil,
        video: VideoMetadata? = nil, font: FontMetadata? = nil, archive: ArchiveMetadata? = nil
    ) {
        self.document = document
        self.book = book
        self.audio = audio
        self.video = video
        self.font = font
        self.archive = archive
    }

    /// The same, with the other's parts where it has none.
    package func filling(_ other: FileMetadata?) -> FileMetadata {
        guard let other else { return self }
        return FileMetadata(
            document: document ?? other.document, book: book ?? other.book, audio: audio ?? other.audio,
            video: video ?? other.video, font: font ?? other.font,
            archive: archive ?? other.archive)
    }
}

/// A PDF.
public struct DocumentMetadata: Codable, Sendable, Equatable {
    /// How many pages it has.
    public var pages: Int
    /// As the document names itself.
    @ExplicitNull public var title: String?
    /// As the document says.
    @ExplicitNull public var author: String?
    /// The first page's width in points of 1/72 inch.
    @ExplicitNull public var pageWidth: Double?
    /// The first page's height in points of 1/72 inch.
    @ExplicitNull public var pageHeight: Double?
    /// Whether it opens without a password but forbids something, as printing.
    public var restricted: Bool
    /// Whether it holds JavaScript, which is never run here.
    public var javascript: Bool

    private enum CodingKeys: String, CodingKey {
        case pages, title, author, restricted, javascript
        case pageWidth = "page_width"
        case pageHeight = "page_height"
    }

    /// Describes a document.
    public init(
        pages: Int, title: String? = nil, author: String? = nil, pageWidth: Double? = nil, pageHeight: Double? = nil,
        restricted: Bool = false, javascript: Bool = false
    ) {
        self.pages = pages
        self.title = title
        self.author = author
        self.pageWidth = pageWidth
        self.pageHeight = pageHeight
        self.restricted = restricted
        self.javascript = javascript
    }
}

/// An EPUB.
public struct BookMetadata: Codable, Sendable, Equatable {
    /// The first title.
    @ExplicitNull public var title: String?
    /// Who made it, in its order.
    public var authors: [String]
    /// The first language, as `en-GB`.
    @ExplicitNull public var language: String?
    /// The one that the package names as its unique identifier, as an ISBN or a UUID.
    @ExplicitNull public var identifier: String?
    /// Who published it.
    @ExplicitNull public var publisher: String?
    /// Whether something besides fonts is encrypted, so that not every reader can open it.
    public var encrypted: Bool

    /// Describes a book.
    public init(
        title: String? = nil, authors: [String] = [], language: String? = nil, identifier: String? = nil,
        publisher: String? = nil, encrypted: Bool = false
    ) {
        self.title = title
        self.authors = authors
        self.language = language
        self.identifier = identifier
        self.publisher = publisher
        self.encrypted = encrypted
    }
}

/// A font file.
public struct FontMetadata: Codable, Sendable, Equatable {
    /// As `EB Garamond`.
    @ExplicitNull public var family: String?
    /// As `Bold Italic`.
    @ExplicitNull public var style: String?
    /// As the font writes it: `Version 0.016`.
    @ExplicitNull public var version: String?
    /// The licence's text or name.
    @ExplicitNull public var license: String?
    /// Where the licence can be read.
    @ExplicitNull public var licenseURL: String?
    /// How many glyphs it has.
    public var glyphs: Int
    /// How many characters it maps to glyphs.
    public var characters: Int
    /// The scripts that it can write, as ISO 15924 codes: `Latn`.
    public var scripts: [String]
    /// How many fonts the file holds; more than one in a collection, of which the rest describes the first.
    public var faces: Int
    /// Whether its outlines vary along axes.
    public var variable: Bool

    private enum CodingKeys: String, CodingKey {
        case family, style, version, license, glyphs, characters, scripts, faces, variable
        case licenseURL = "license_url"
    }

    /// Describes a font.
    public init(
        family: String? = nil, style: String? = nil, version: String? = nil, license: String? = nil,
        licenseURL: String? = nil, glyphs: Int, characters: Int, scripts: [String] = [], faces: Int = 1,
        variable: Bool = false
    ) {
        self.family = family
        self.style = style
        self.version = version
        self.license = license
        self.licenseURL = licenseURL
        self.glyphs = glyphs
        self.characters = characters
        self.scripts = scripts
        self.faces = faces
        self.variable = variable
    }
}
