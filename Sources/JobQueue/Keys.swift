/// The only place in Swift that spells the queue's keys; the scripts spell theirs in `Lua/prelude.lua`.
///
/// The hash tag in ``Namespace/prefix`` puts all keys of an installation on one primary, which is what makes a state
/// change and its jobs one atomic step.
struct Keys: Sendable {
    let prefix: String

    init(_ namespace: Namespace) {
        prefix = namespace.prefix
    }

    /// KEYS[1] of every script: fixes the slot, is never written.
    var anchor: String { prefix }
    /// The version of the layout.
    var schema: String { prefix + "queue:schema" }
    /// SET of the queues' names.
    var queues: String { prefix + "queues" }
    /// ZSET of the batches' ids → created.
    var batches: String { prefix + "batches" }
    /// HASH of one batch (`Lua/batch.lua`).
    func batch(_ id: BatchID) -> String { prefix + "batch:" + id.rawValue }
    /// STREAM of the events of tagged jobs (`Lua/bonds.lua`).
    func timeline(_ tag: String) -> String { prefix + "tag:" + tag }
    /// ZSET worker → last beat.
    var workers: String { prefix + "workers" }
    /// HASH of one worker.
    func worker(_ id: String) -> String { prefix + "w:" + id }
    /// ZSET that only this worker blocks on, so that it can be woken by name.
    func privateWake(_ worker: String) -> String { prefix + "w:" + worker + ":wake" }

    /// The channel that says what changed, to those who watch.
    var control: String { prefix + "control" }
    /// ZSET of the periodic entries (`Lua/cron.lua`).
    var schedules: String { prefix + "cron" }
    /// HASH of one periodic entry.
    func schedule(_ name: String) -> String { prefix + "cron:" + name }
    /// LIST of a periodic entry's latest ticks.
    func scheduleLog(_ name: String) -> String { prefix + "cron:" + name + ":log" }

    func queue(_ queue: String, _ part: String) -> String { prefix + "q:" + queue + ":" + part }
    func jobs(_ queue: String) -> String { self.queue(queue, "jobs") }
    func wake(_ queue: String) -> String { self.queue(queue, "wake") }
    func meta(_ queue: String) -> String { self.queue(queue, "meta") }
    func history(_ queue: String) -> String { self.queue(queue, "hist") }
    func level(_ queue: String, _ priority: JobPriority) -> String { self.queue(queue, "p\(priority.rawValue)") }
    func suspect(_ queue: String) -> String { self.queue(queue, "suspect") }
    func lease(_ queue: String) -> String { self.queue(queue, "lease") }
    func due(_ queue: String) -> String { self.queue(queue, "due") }
    func parked(_ queue: String) -> String { self.queue(queue, "parked") }
    func dead(_ queue: String) -> String { self.queue(queue, "dead") }
    func morgue(_ queue: String) -> String { self.queue(queue, "morgue") }
    func done(_ queue: String) -> String { self.queue(queue, "done") }
    func result(_ queue: String) -> String { self.queue(queue, "result") }
    func statistics(_ queue: String, minute: Int64) -> String { self.queue(queue, "stat:\(minute)") }
}
