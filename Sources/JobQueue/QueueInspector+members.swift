internal import Foundation

/// A page of a batch's members; see ``QueueInspector/members(of:cursor:limit:scan:)``.
public struct BatchMemberPage: Codable, Sendable, Hashable {
    /// The members, without payloads.
    public var jobs: [JobRecord]
    /// Where the next page begins; `nil` at the end.
    ///
    /// A page may be empty and still have a next one.
    public var nextCursor: String?
    /// How many jobs were looked at for it.
    public var scanned: Int
}

extension QueueInspector {
    /// Where members can be found: a completed one is remembered without its batch.
    private static let memberStates: [JobState] = [.running, .waiting, .suspect, .scheduled, .parked, .dead]

    /// A page of the members of a batch that have not completed: those that live, and those that are dead.
    ///
    /// No index has them, so that a batch costs an enqueue no further write: jobs of all queues are looked at, queue by
    /// queue and state by state, at most `scan` of them for a page. A member that changes its state or its queue
    /// meanwhile may come twice or not at all.
    ///
    /// - Parameters:
    ///   - cursor: where the page before ended.
    ///   - limit: how many members, 1 to 1,000.
    ///   - scan: how many jobs are looked at for it, up to ``maximumScan``.
    /// - Throws: `JobQueueError` with `.invalidJob` for a text that is no cursor.
    public func members(
        of batch: BatchID, cursor: String? = nil, limit: Int = 50, scan: Int = QueueInspector.defaultScan
    ) async throws -> BatchMemberPage {
        var start = try cursor.map { try MemberCursor($0) }
        let limit = min(max(limit, 1), JobQueue.maximumBatch)
        var left = min(max(scan, limit), Self.maximumScan)
        var page = BatchMemberPage(jobs: [], nextCursor: nil, scanned: 0)
        for status in try await queues(minutes: 0) where status.name >= start?.queue ?? "" {
            for state in Self.memberStates {
                var place: String?
                if let from = start, from.queue == status.name {
                    guard from.state == state else { continue }
                    place = from.place
                }
                start = nil
                guard place != nil || status.count(of: state) > 0 else { continue }
                repeat {
                    guard page.jobs.count < limit, left > 0 else {
                        page.nextCursor = MemberCursor(queue: status.name, state: state, place: place).text
                        return page
                    }
                    let found = try await jobs(
                        queue: status.name, state: state, matching: JobFilter(batch: batch.rawValue), cursor: place,
                        limit: min(limit - page.jobs.count, left), scan: left)
                    page.jobs += found.jobs
                    page.scanned += found.scanned
                    left -= found.scanned
                    place = found.nextCursor
                } while place != nil
            }
        }
        return page
    }
}

/// Where a page of members begins: a queue, a state, and a place in it.
private struct MemberCursor {
    let queue: String
    let state: JobState
    let place: String?

    init(queue: String, state: JobState, place: String?) {
        self.queue = queue
        self.state = state
        self.place = place
    }

    init(_ text: String) throws {
        let parts =
            Data(base64Encoded: text).flatMap { String(data: $0, encoding: .utf8) }?
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        guard parts.count == 3, isPlainName(parts[0]), let state = JobState(rawValue: parts[1]) else {
            throw JobQueueError(.invalidJob, "'\(text)' is no cursor of a batch's members.")
        }
        self.init(queue: parts[0], state: state, place: parts[2].isEmpty ? nil : parts[2])
    }

    var text: String { Data("\(queue):\(state.rawValue):\(place ?? "")".utf8).base64EncodedString() }
}
