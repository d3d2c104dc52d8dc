/// How much of an archive is looked at, and how much may be in it.
public struct ArchiveLimits: Sendable, Equatable {
    /// Entries in all, those of archives inside included.
    public var entries: Int64
    /// Bytes unpacked in all, those of archives inside included.
    public var unpackedBytes: Int64
    /// Bytes unpacked per byte of the file.
    public var ratio: Int64
    /// Archives in archives that are opened; the outermost is 1.
    public var depth: Int

    /// Makes limits.
    public init(
        entries: Int64 = 100_000, unpackedBytes: Int64 = 16 << 30, ratio: Int64 = 200, depth: Int = 4
    ) {
        self.entries = entries
        self.unpackedBytes = unpackedBytes
        self.ratio = ratio
        self.depth = depth
    }

    /// Below this no ratio is looked at: a few pages of a repeated word are no bomb.
    static let ratioFloor: Int64 = 16 << 20
    /// Entries that are shown.
    static let listed = 50
}
