/// Names a batch of jobs, and is made by its producer.
///
/// Enqueuing a batch of the same id again continues or repeats it, so an id is never used for another batch.
public struct BatchID: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The text of the id: 1 to 128 bytes, without white space or control characters.
    public let rawValue: String

    /// Takes over an id; its form is checked when a batch is enqueued.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Takes over an id, for example one derived from what the batch is for (`BatchID("catalogue.2026-11-24")`).
    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// Makes a fresh, sortable id with the prefix `bat_`.
    public static func generate() -> BatchID {
        BatchID(rawValue: SortableID.make(prefix: "bat_"))
    }

    /// The text of the id.
    public var description: String { rawValue }

    var isValid: Bool { JobID(rawValue).isValid }
}
