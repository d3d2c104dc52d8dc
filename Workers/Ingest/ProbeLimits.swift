public import Probing

/// What one media probe, a program of its own, may take of the machine.
public struct ProbeLimits: Sendable {
    /// Pictures with more pixels are refused before they are decoded.
    public var maximumPixels: Int64
    /// Address space in MiB.
    public var memoryMiB: Int
    /// Processor time.
    public var cpuTime: Duration
    /// Time on the clock, after which the probe and what it started are killed.
    public var wallTime: Duration
    /// What may be in an archive.
    public var archive: ArchiveLimits

    /// Makes limits.
    ///
    /// `wallTime` nil: three times the processor time, for a machine that has other work.
    public init(
        maximumPixels: Int64 = 100_000_000,
        memoryMiB: Int = 1024,
        cpuTime: Duration = .seconds(60),
        wallTime: Duration? = nil,
        archive: ArchiveLimits = ArchiveLimits()
    ) {
        self.maximumPixels = maximumPixels
        self.memoryMiB = memoryMiB
        self.cpuTime = cpuTime
        self.wallTime = wallTime ?? cpuTime * 3
        self.archive = archive
    }
}
