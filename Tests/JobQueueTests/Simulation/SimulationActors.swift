import Foundation
import JobQueue
import RedisClient
import TestSupport

/// What producers and operators do.
extension Simulation {
    private static let change = DomainScript(
        name: "change",
        body: """
            if not redis.call('SET', NS .. 'sim:state:' .. A[1], 1, 'NX') then return refuse('already') end
            enqueue(jobs[1])
            return ok()
            """)

    func produce(_ index: Int, _ world: SimulationWorld, _ ledger: SimulationLedger) async throws {
        let transport = try SimulationTransport(
            .producer, to: world.server, seed: plan.seed &* 31 &+ UInt64(index), perMille: plan.producerFaultsPerMille,
            lease: plan.lease, ledger: ledger)
        for put in plan.producers[index] { try await enqueue(put, over: transport.queue, world, ledger) }
        await transport.client.close()
        transport.proxy.stop()
    }

    private func enqueue(
        _ put: SimulationPlan.Put, over queue: JobQueue, _ world: SimulationWorld, _ ledger: SimulationLedger
    ) async throws {
        switch put {
        case .one(let item): try await enqueue(item, over: queue, world, ledger)
        case .many(let items):
            ledger.did("in bulk", items.count)
            let time = try await world.now()
            _ = try await send(items, ledger) {
                note(try await queue.enqueue(items.map { try $0.prepared() }), of: items, sentAt: time, ledger)
            }
        case .burst(let items):
            ledger.did("at once", items.count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in items { group.addTask { try await enqueue(item, over: queue, world, ledger) } }
                try await group.waitForAll()
            }
        case .change(let item):
            ledger.did("with a change of state")
            _ = try await send([item], ledger, isChange: true) {
                _ = try await queue.run(
                    Self.change, arguments: [RedisArgument(item.id)], jobs: [try item.prepared()], retry: .safe)
            }
        case .batch(let batch):
            ledger.did("batches")
            let isAcknowledged = try await send(batch.items, ledger) {
                let batch = JobBatch(
                    id: BatchID(batch.id), jobs: try batch.items.map { try $0.prepared() },
                    onSuccess: try batch.onSuccess.prepared(), onComplete: try batch.onComplete.prepared())
                _ = try await queue.enqueue(batch: batch)
            }
            ledger.ended(batch, isAcknowledged: isAcknowledged)
        }
    }

    private func enqueue(
        _ item: SimulationPlan.Item, over queue: JobQueue, _ world: SimulationWorld, _ ledger: SimulationLedger
    ) async throws {
        ledger.did(item.priority == nil ? "alone" : "alone with a priority")
        let time = try await world.now()
        _ = try await send([item], ledger) {
            note([try await queue.enqueue(item.prepared())], of: [item], sentAt: time, ledger)
        }
    }

    private func note(
        _ results: [EnqueueResult], of items: [SimulationPlan.Item], sentAt: Int64, _ ledger: SimulationLedger
    ) {
        for (result, item) in zip(results, items) {
            guard case .unique(let holder) = result else { continue }
            ledger.refused(item, by: holder.rawValue, notBefore: sentAt)
            ledger.did("refused as \(type(of: item.job).name)")
        }
    }

    /// Repeats with the same ids until it is acknowledged; the last attempt's outcome may stay unknown.
    private func send(
        _ items: [SimulationPlan.Item], _ ledger: SimulationLedger, isChange: Bool = false,
        _ body: () async throws -> Void
    ) async throws -> Bool {
        ledger.sends(items, isChange: isChange)
        for _ in 0..<3 {
            do {
                try await body()
                ledger.acknowledged(items)
                return true
            } catch is JobQueueError {
                ledger.injected("enqueue failed for its caller")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        return false
    }

    /// Does to jobs what the plan says, so long after their enqueue was acknowledged.
    func operate(_ world: SimulationWorld, _ ledger: SimulationLedger) async throws {
        let transport = try SimulationTransport(
            .producer, to: world.server, seed: plan.seed &* 37, perMille: plan.producerFaultsPerMille,
            lease: plan.lease, ledger: ledger)
        let inspector = QueueInspector(queue: transport.queue)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for operation in plan.operations {
                group.addTask {
                    // An enqueue whose outcome stayed unknown, or that was refused, is left alone.
                    for _ in 0..<300 where ledger.entries[operation.item.id]?.isAcknowledged != true {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    guard let entry = ledger.entries[operation.item.id], entry.isAcknowledged, !entry.isRefused else {
                        return
                    }
                    try await Task.sleep(for: .milliseconds(operation.after))
                    try await carryOut(operation, inspector, world, ledger)
                }
            }
            try await group.waitForAll()
        }
        await transport.client.close()
        transport.proxy.stop()
    }

    private func carryOut(
        _ operation: SimulationPlan.Operation, _ inspector: QueueInspector, _ world: SimulationWorld,
        _ ledger: SimulationLedger
    ) async throws {
        let item = operation.item
        var known = SimulationLedger.Operation(kind: operation.kind)
        ledger.operated(item.id, known)
        known.answer = try await perform(operation.jobOperation, on: item, inspector, ledger)
        ledger.did("\(operation.kind): \(known.answer.map { "\($0)" } ?? "answer lost")")
        if known.isFinal { known.effects = try await world.effects(of: item.id) }
        if operation.kind == .revive, known.answer == .done {
            known.effects = nil
            known.retry = try await perform(.retry, on: item, inspector, ledger)
        }
        ledger.operated(item.id, known)
    }

    private func perform(
        _ operation: JobOperation, on item: SimulationPlan.Item, _ inspector: QueueInspector, _ ledger: SimulationLedger
    ) async throws -> JobOperationResult? {
        do {
            return try await inspector.perform(operation, on: JobID(item.id), queue: item.queue)
        } catch is JobQueueError {
            ledger.injected("operation failed for its caller")
            return nil
        }
    }
}

extension SimulationPlan.Operation {
    var jobOperation: JobOperation {
        get throws {
            switch kind {
            case .cancel: .cancel()
            case .kill, .revive: .kill()
            case .delete: .delete
            case .runNow: .runNow
            case .move: .move(to: item.queue == "work" ? "held" : "work")
            case .edit: .edit(payload: String(decoding: try JSONEncoder().encode(item.job), as: UTF8.self))
            }
        }
    }
}

extension SimulationLedger.Operation {
    /// Whether the answer says that the job has no effect from then on.
    var isFinal: Bool {
        switch (kind, answer) {
        case (.cancel, .done), (.kill, .done), (.delete, .done), (.delete, .notFound), (_, .wrongState(.dead)): true
        default: false
        }
    }
}
