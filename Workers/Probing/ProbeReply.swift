/// What `sunset-probe` writes: an answer, or why the file is refused.
package struct ProbeReply<Answer: Codable & Sendable>: Codable, Sendable {
    package var answer: Answer?
    package var refusal: Refusal?

    package init(answer: Answer? = nil, refusal: Refusal? = nil) {
        self.answer = answer
        self.refusal = refusal
    }
}

/// Why a file can't be sold.
package struct Refusal: Error, Codable, Sendable, Equatable {
    /// The stable code.
    package var code: String
    /// A sentence for the seller.
    package var detail: String

    package init(_ code: String, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// The machinery failed, not the file.
package struct ProbeFailure: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// What a file is by its content.
package struct TypeAnswer: Codable, Sendable, Equatable {
    /// The media type without parameters, `application/octet-stream` when libmagic knows none.
    package var mediaType: String
    /// The character encoding of a text as libmagic names it, for instance `utf-8`, `iso-8859-1`, `utf-16le`.
    package var encoding: String?
    /// Entries of the ZIP that the file is.
    package var zipEntries: Int?
    /// Entries of a ZIP that can be read from the end of a file that is something else by its beginning.
    package var hiddenZipEntries: Int?
    /// What an SVG or HTML file would do in a browser: `scripts`, `external references`.
    package var active: [String]
}

/// What is in an archive.
package struct ArchiveAnswer: Codable, Sendable, Equatable {
    /// One of the entries that are shown.
    package struct Entry: Codable, Sendable, Equatable {
        package var name: String
        /// `file`, `folder`, `link`.
        package var type: String
        /// Bytes unpacked.
        package var size: Int64
    }

    /// As `zip`, `tar.gz`, `7z`.
    package var format = ""
    /// Entries of the outermost archive.
    package var entries: Int64 = 0
    /// Bytes unpacked, measured; those of archives inside included.
    package var unpackedBytes: Int64 = 0
    /// The outermost archive's first entries.
    package var listing: [Entry] = []
    /// Entries, of archives inside as well, whose content is encrypted.
    package var encrypted: Int64 = 0
    /// Whether all of it could be looked at.
    package var isWhole = true
    /// What somebody may want to know; sentences.
    package var notes: [String] = []
}
