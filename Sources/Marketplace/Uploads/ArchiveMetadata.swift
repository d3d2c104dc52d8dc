/// An archive, as it was found when it was unpacked to nowhere.
public struct ArchiveMetadata: Codable, Sendable, Equatable {
    /// One of the entries that are shown.
    public struct Entry: Codable, Sendable, Equatable {
        /// The path in the archive; long ones are shortened in the middle.
        public var name: String
        /// `file`, `folder` or `link`.
        public var type: String
        /// Bytes unpacked.
        public var size: Int64

        /// Describes an entry.
        public init(name: String, type: String, size: Int64) {
            self.name = name
            self.type = type
            self.size = size
        }
    }

    /// As `zip`, `tar.gz`, `7z`.
    public var format: String
    /// Entries of the outermost archive.
    public var entries: Int64
    /// Bytes unpacked, those of archives inside included.
    public var unpackedBytes: Int64
    /// Entries whose content is encrypted, so that nobody without the password can look at it.
    public var encryptedEntries: Int64
    /// Whether all of it could be looked at.
    public var inspected: Bool
    /// The first entries.
    public var listing: [Entry]

    private enum CodingKeys: String, CodingKey {
        case format, entries, inspected, listing
        case unpackedBytes = "unpacked_bytes"
        case encryptedEntries = "encrypted_entries"
    }

    /// Describes an archive.
    public init(
        format: String, entries: Int64, unpackedBytes: Int64, encryptedEntries: Int64 = 0, inspected: Bool = true,
        listing: [Entry] = []
    ) {
        self.format = format
        self.entries = entries
        self.unpackedBytes = unpackedBytes
        self.encryptedEntries = encryptedEntries
        self.inspected = inspected
        self.listing = listing
    }
}
