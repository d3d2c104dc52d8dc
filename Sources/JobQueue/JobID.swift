/// Names a job, and is made by its producer.
///
/// Enqueuing the same id again while the job lives, or within its type's deduplication window after it ended, does
/// nothing. So an enqueue whose outcome is unknown is repeated with the same id.
public struct JobID: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The text of the id: 1 to 128 bytes, without white space or control characters.
    public let rawValue: String

    /// Takes over an id; its form is checked when a job is prepared with it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Takes over an id, for example one derived from what the job is for (`JobID("charge.ord_….1")`).
    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// Makes a fresh, sortable id with the prefix `job_`.
    public static func generate() -> JobID {
        JobID(rawValue: SortableID.make(prefix: "job_"))
    }

    /// The text of the id.
    public var description: String { rawValue }

    var isValid: Bool {
        let utf8 = rawValue.utf8
        return !utf8.isEmpty && utf8.count <= 128 && utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
}
