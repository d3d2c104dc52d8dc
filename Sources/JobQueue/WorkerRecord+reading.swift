internal import Foundation

extension WorkerRecord {
    /// Reads a worker's entry in the registry; `nil` if it is gone.
    init?(id: String, beatAt: Int64, now: Int64, fields: [String: String]) {
        guard let name = fields["name"] else { return nil }
        let shown: Set = ["name", "host", "pid", "queues", "started", "running", "state", "concurrency"]
        // A list of another form, from another version, is no reason to hide the worker.
        let running = fields["running"].flatMap { try? JSONDecoder().decode([Running].self, from: Data($0.utf8)) }
        self.init(
            id: id, name: name, host: fields["host"] ?? "", pid: fields["pid"].flatMap { Int($0) } ?? 0,
            queues: (fields["queues"] ?? "").split(separator: ",").map(String.init),
            startedAt: fields["started"].flatMap { Int64($0) } ?? 0, beatAt: beatAt, running: running ?? [],
            state: fields["state"] ?? "", concurrency: fields["concurrency"].flatMap { Int($0) } ?? 0,
            isStale: now - beatAt > Self.staleAfterMilliseconds,
            details: fields.filter { !shown.contains($0.key) })
    }
}
