internal import Foundation
internal import JobQueue
internal import Logging
internal import Settings

/// Workers that ail are replaced or killed.
extension PoolSupervisor {
    /// Replaces what ails, and kills what is no longer heard of.
    func mend(_ workers: [WorkerRecord], at now: Int64) {
        let host = ProcessInfo.processInfo.hostName
        let records = Dictionary(
            workers.filter { $0.host == host }.map { (Int32($0.pid), $0) }, uniquingKeysWith: { first, _ in first })
        var processes: [PoolMender.ProcessKey: WorkerSlot] = [:]
        var seen: [PoolMender.Observation] = []
        for queue in settings.queues {
            for slot in slots[queue.name] ?? []
            where !slot.isRetired && !replacing.contains(ObjectIdentifier(slot)) {
                guard let pid = slot.pid, let age = slot.age else { continue }
                let key = PoolMender.ProcessKey(slot: slot.name, pid: pid)
                processes[key] = slot
                seen.append(
                    PoolMender.Observation(
                        process: key, queue: queue.name, age: age, residentMiB: Self.residentMiB(pid),
                        memoryLimitMiB: queue.memoryLimitMiB,
                        beat: records[pid].map { record in
                            // By Redis's clock, as the record is.
                            PoolMender.Observation.Beat(
                                age: .milliseconds(now - record.beatAt),
                                stuck: record.details["stuck"].flatMap { Int($0) } ?? 0)
                        }))
            }
        }
        for action in mender.look(at: Self.now, seen) { perform(action, processes) }
    }

    private func perform(_ action: PoolMender.Action, _ processes: [PoolMender.ProcessKey: WorkerSlot]) {
        switch action {
        case .kill(let process):
            logger.error("worker \(process.slot) hangs: it is killed and started again")
            processes[process]?.replaceNow(cause: "silent")
        case .replace(let process, let cause):
            logger.warning("worker \(process.slot) \(cause.description) and is replaced")
            guard let slot = processes[process] else { return }
            WorkerSlot.count(slot.queue, cause.rawValue)
            replacementsContinuation.yield((slot, process))
        case .postpone(let process, let cause, let pause):
            logger.warning(
                "worker \(process.slot) \(cause.description) soon after its start: it is replaced later",
                metadata: ["pause_s": "\(pause.components.seconds)", "advice": "\(cause.advice)"])
        }
    }

    private static func residentMiB(_ pid: Int32) -> Int? {
        // Gone between two looks: nothing to measure.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { ($0 * sysconf(Int32(_SC_PAGESIZE))) >> 20 } : nil
    }
}
