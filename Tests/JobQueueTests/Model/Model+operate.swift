@testable import JobQueue

extension Model {
    /// What an operator does to a job: `Lua/admin.lua`.
    mutating func operate(_ operation: JobOperation, _ name: String, _ id: String) -> JobOperationResult {
        guard let state = self[name].state(id, now: now) else { return .notFound }
        let result = operate(operation, name, id, state)
        if case .wrongState = result { saw(.refusedOperation) }
        return result
    }

    private mutating func operate(
        _ operation: JobOperation, _ name: String, _ id: String, _ state: JobState
    ) -> JobOperationResult {
        let isEnded = state == .dead || state == .completed
        switch operation {
        case .retry:
            guard state == .dead, let job = self[name].jobs[id] else { return .wrongState(state) }
            if let holder = revived(name, id, job) {
                saw(.uniqueHeld)
                return .uniqueHeld(by: JobID(holder))
            }
            revive(name, id)
            saw(.retried)
        case .runNow:
            guard state == .scheduled else { return .wrongState(state) }
            self[name].putBack(id)
            self[name].isHinted = true
            saw(.retried)
        case .cancel:
            if isEnded { return .wrongState(state) }
            if state == .running {
                self[name].requests[id] = ""
                return .requested
            }
            cancel(name, id)
            saw(.cancelled)
        case .kill:
            if isEnded { return .wrongState(state) }
            if state == .running {
                endLease(name, id)
                saw(.killed)
            }
            cancel(name, id)
        case .delete:
            delete(name, id, state)
            saw(.deleted)
        case .edit(let payload):
            guard state != .running, state != .completed,
                let end = self[name].jobs[id]?.envelope.firstIndex(of: UInt8(ascii: "\n"))
            else { return .wrongState(state) }
            self[name].jobs[id]?.envelope.replaceSubrange((end + 1)..., with: Array(payload.utf8))
            saw(.edited)
        case .move(let target):
            guard state != .running, state != .completed, let job = self[name].jobs[id], !job.envelope.isEmpty else {
                return .wrongState(state)
            }
            let isRemembered = (self[target].done[id] ?? 0) > now
            if target == name || isRemembered || self[target].jobs[id] != nil || self[target].marks[id] != nil {
                return .duplicate
            }
            if state != .dead, let holder = moves(name, to: target, id, job.header) {
                saw(.uniqueHeld)
                return .uniqueHeld(by: JobID(holder))
            }
            move(job, id, from: name, to: target)
            saw(.moved)
        }
        return .done
    }

    /// A dead job lives again, with fresh budgets; one that still lies in a list, where it lies.
    private mutating func revive(_ name: String, _ id: String) {
        self[name].jobs[id]?.failures = 0
        self[name].jobs[id]?.lapses = 0
        if let place = self[name].marks.removeValue(forKey: id) {
            self[name].jobs[id]?.place = place
            saw(.revivedInPlace)
        } else {
            self[name].putBack(id)
        }
        self[name].isHinted = true
    }

    private mutating func cancel(_ name: String, _ id: String) {
        self[name].leaveMark(id)
        end(id, name)
    }

    private mutating func delete(_ name: String, _ id: String, _ state: JobState) {
        if state == .completed {
            self[name].done[id] = nil
            self[name].kept[id] = nil
            self[name].results[id] = nil
            return
        }
        if state == .running { endLease(name, id) }
        self[name].progress[id] = nil
        self[name].leaveMark(id)
        let job = self[name].jobs.removeValue(forKey: id)
        if state != .dead, let job { ended(name, id, job.header, "deleted") }
    }

    /// What a running attempt still does can't be applied any more.
    private mutating func endLease(_ name: String, _ id: String) {
        self[name].requests[id] = nil
        self[name].isHinted = true
    }

    private mutating func move(_ job: ModelJob, _ id: String, from name: String, to target: String) {
        self[name].leaveMark(id)
        self[name].jobs[id] = nil
        self[target].jobs[id] = job
        switch job.place {
        case .due: self[target].isHinted = true
        case .dead: break
        default:
            self[target].putBack(id)
            self[target].isHinted = true
        }
    }

    mutating func limit(_ name: String, _ limits: QueueLimits) -> Bool {
        defer {
            self[name].limit = limits.concurrency
            self[name].bucket.set(limits.rate)
            self[name].isHinted = true
        }
        return self[name].limit != limits.concurrency || self[name].bucket.rate != limits.rate
    }

    mutating func pause(_ name: String) -> Bool {
        guard self[name].pausedAt == nil else { return false }
        let moment = now
        self[name].pausedAt = moment
        saw(.paused)
        return true
    }

    mutating func resume(_ name: String) -> Bool {
        defer {
            self[name].pausedAt = nil
            self[name].isHinted = true
        }
        return self[name].pausedAt != nil
    }
}

extension ModelQueue {
    func state(_ id: String, now: Int64) -> JobState? {
        if let job = jobs[id] {
            switch job.place {
            case .list: return job.lapses > 0 ? .suspect : .waiting
            case .leased: return .running
            case .due: return .scheduled
            case .parked: return .parked
            case .dead: return .dead
            }
        }
        return max(done[id] ?? 0, kept[id] ?? 0) > now ? .completed : nil
    }

    /// The job goes away from where it is; in a list its id stays as a mark.
    fileprivate mutating func leaveMark(_ id: String) {
        if case .list(let list, let position) = jobs[id]?.place { marks[id] = .list(list, position: position) }
    }
}
