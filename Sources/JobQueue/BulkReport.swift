/// How far a bulk operation has come, or what it did.
public struct BulkReport: Codable, Sendable, Hashable {
    /// Jobs that were looked at.
    public var scanned = 0
    /// Jobs that the filter let through.
    public var matched = 0
    /// Jobs that were changed; in a dry run none.
    public var changed = 0
    /// Jobs that were not changed, by ``JobOperationResult/reason``: they moved or ended meanwhile.
    public var skipped: [String: Int] = [:]
    /// Whether it only looked.
    public var isDryRun = false
    /// How many jobs the state had when it began, to show progress against.
    public var total = 0

    mutating func add(_ results: [JobOperationResult]) {
        for result in results {
            if result.isChange {
                changed += 1
            } else {
                skipped[result.reason, default: 0] += 1
            }
        }
    }
}
