internal import Logging
internal import Settings
internal import Telemetry

extension PoolSupervisor {
    /// What runs, for the pool's metrics.
    func samples() -> [MetricSample] {
        let leader = MetricSample("sunset_pool_leader", .gauge, isLeader ? 1 : 0)
        let queues = settings.queues.flatMap { queue in
            let slots = slots[queue.name] ?? []
            let labels = [("queue", queue.name)]
            return [
                MetricSample("sunset_pool_processes_wanted", .gauge, Double(wanted[queue.name] ?? 0), labels),
                MetricSample("sunset_pool_processes", .gauge, Double(slots.count), labels),
                MetricSample("sunset_pool_processes_ready", .gauge, Double(slots.count { $0.pid != nil }), labels),
            ]
        }
        return [leader] + queues
    }

    /// The texts of the workers that are ready, each with its name; one that does not answer is left out.
    func workerMetrics() async -> [(name: String, text: String)] {
        var texts: [(String, String)] = []
        for slot in slots.values.flatMap({ $0 }).sorted(by: { $0.name < $1.name }) where slot.pid != nil {
            do {
                let path = WorkerProcess.metricsSocket(runFolder: runFolder, name: slot.name)
                texts.append((slot.name, try await MetricsClient.read(socket: path)))
            } catch {
                logger.debug("worker \(slot.name) was not measured", metadata: ["error": "\(error)"])
            }
        }
        return texts
    }
}
