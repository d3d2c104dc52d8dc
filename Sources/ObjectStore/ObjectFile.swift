/// The file that an open object's bytes lie in, for whoever can send a file without reading it.
///
/// It stays open, and its bytes stay the same, as long as this is held.
public struct ObjectFile: Sendable {
    /// Bytes of one piece: one hop to a thread and back for each, so not less; and what is sent of a transfer is known
    /// by pieces, so not more.
    public static let pieceBytes: Int64 = 1 << 20

    private let reader: ContentReader

    init(_ reader: ContentReader) {
        self.reader = reader
    }

    /// The offsets in the file of the object's bytes, or of the range that was asked for.
    public var range: Range<Int64> { reader.range }

    /// The open descriptor; close it never, and use it only while this is held.
    public var descriptor: Int32 { reader.descriptor }

    /// Reads a piece into the page cache where it is not there, so that sending it does not wait for the disk.
    ///
    /// - Throws: ``ObjectStoreError`` `.storage`, also for a file that is shorter than it was.
    public func load(_ piece: Range<Int64>) async throws {
        try await reader.load(piece)
    }

    /// The range in pieces.
    public var pieces: some Sequence<Range<Int64>> & Sendable {
        stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.pieceBytes)).lazy
            .map { [range] in $0..<min($0 + Self.pieceBytes, range.upperBound) }
    }
}
