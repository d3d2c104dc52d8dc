internal import Foundation

/// What every process says of itself, by the names of Prometheus's client libraries.
public enum ProcessMetrics {
    /// Adds memory, processor time, open files and start time of this process, read from `/proc/self`.
    public static func register(in registry: MetricsRegistry) {
        registry.describe("process_resident_memory_bytes", "Resident memory in bytes.")
        registry.describe("process_cpu_seconds_total", "Processor time, user and system, in seconds.")
        registry.describe("process_open_fds", "Open file descriptors.")
        registry.describe("process_start_time_seconds", "Start of the process, in seconds since the Unix epoch.")
        registry.collect { samples() }
    }

    static func samples() -> [MetricSample] {
        guard let stat = ProcessStat.current() else { return [] }
        return [
            MetricSample("process_resident_memory_bytes", .gauge, Double(stat.residentBytes)),
            MetricSample("process_cpu_seconds_total", .counter, stat.cpuSeconds),
            MetricSample("process_open_fds", .gauge, Double(stat.openFiles)),
            MetricSample("process_start_time_seconds", .gauge, stat.startedAt),
        ]
    }
}

/// A process's own figures, from `proc(5)`.
struct ProcessStat: Sendable {
    var residentBytes: Int
    var cpuSeconds: Double
    var openFiles: Int
    var startedAt: Double

    /// `nil` where there is no `/proc`.
    static func current() -> ProcessStat? {
        guard let stat = read("/proc/self/stat"), let system = read("/proc/stat"),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")  // no /proc: no figures
        else { return nil }
        // The second field is the name in parentheses and may hold anything: what counts comes after the last one.
        guard let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ").map(String.init)
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        guard fields.count > 21, let user = Double(fields[11]), let kernel = Double(fields[12]),
            let start = Double(fields[19]), let pages = Int(fields[21]),
            let boot = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })
                .flatMap({ Double($0.dropFirst(6)) })
        else { return nil }
        return ProcessStat(
            residentBytes: pages * Int(sysconf(Int32(_SC_PAGESIZE))), cpuSeconds: (user + kernel) / ticks,
            // One of them is the listing's own.
            openFiles: files.count - 1, startedAt: boot + start / ticks)
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
