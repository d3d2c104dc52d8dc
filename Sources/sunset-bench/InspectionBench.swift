import ArgumentParser
import Dashboard
import Foundation
import JobQueue
import RedisClient

/// How long looking at a queue takes, and changing a job in it, when millions of jobs are in it.
struct InspectionBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "What an operator waits for on a long queue; ten million jobs take some minutes and 4 GB.")
    @Option(help: "How many jobs; a tenth of them is scheduled.") var jobs = 10_000_000

    func run() async throws {
        let bench = try await BenchServer.start()
        do {
            try await measure(bench)
        } catch {
            await bench.stop()
            throw error
        }
        await bench.stop()
    }

    private func measure(_ bench: BenchServer) async throws {
        let inspector = QueueInspector(queue: bench.queue)
        let scheduled = jobs / 10
        let waiting = jobs - scheduled
        try await fill(bench, scheduled: scheduled)
        try await time("queues()") { _ in
            try expect(try await inspector.queues().first?.depth == waiting)
        }
        try await measureScreens(inspector, depth: waiting)
        try await time("history(by: .minute, count: 60)") { _ in
            _ = try await inspector.history(queue: NoOperation.queue, by: .minute)
        }
        for state in [JobState.waiting, .scheduled] {
            try await measurePages(inspector, of: state, among: state == .waiting ? waiting : scheduled)
        }
        try await time("LRANGE of 50 in the middle, alone") { _ in
            try await bench.send(
                "LRANGE", "{bench}:q:bench:p1", RedisArgument(-waiting / 2 - 50), RedisArgument(-waiting / 2 - 1))
        }
        try await measureJobs(inspector, middle: scheduled + waiting / 2)
        print("Redis has \(try await bench.counters().memory / 1_048_576) MiB.")
    }

    /// What `sunsetctl queue ls` and `top` read, in this process: a start of the program takes its time besides.
    private func measureScreens(_ inspector: QueueInspector, depth: Int) async throws {
        let source = TopSource(inspector: inspector)
        let drawing = TopDrawing(features: TerminalFeatures())
        var model = TopModel(title: "bench", interval: 2_000)
        try await time("queue ls: queues(), 5 minutes of counters") { _ in
            try expect(try await inspector.queues(minutes: 5).first?.depth == depth)
        }
        try await time("top: the first look, 30 minutes of counters") { _ in
            model.take(try await source.snapshot(minutes: 30, views: [.dead, .cron]))
        }
        try await time("top: a refresh, read and drawn at 120x40") { _ in
            model.take(try await source.snapshot(minutes: 2, views: []))
            _ = drawing.draw(model, columns: 120, rows: 40)
        }
    }

    /// Jobs by the usual way, and as many leases as a large fleet holds.
    private func fill(_ bench: BenchServer, scheduled: Int) async throws {
        let started = ContinuousClock.now
        for first in stride(from: 0, to: jobs, by: 1_000) {
            let batch = try (first..<first + 1_000).map { number in
                try NoOperation.sample.prepared(
                    id: JobID("job-\(number)"), delay: number < scheduled ? .seconds(86_400 + number % 1_000) : nil)
            }
            try await bench.queue.enqueue(batch)
        }
        print("Enqueued \(jobs) jobs in \(ContinuousClock.now - started); \(scheduled) of them are scheduled.")
        for number in 0..<10_000 {
            try await bench.send(
                "ZADD", "{bench}:q:bench:lease", 4_000_000_000_000, RedisArgument("run-\(number):\(number)"))
            try await bench.send(
                "HSET", "{bench}:q:bench:jobs", RedisArgument("run-\(number)"),
                "1 1700000000000 0 bench.noop 1 3 2 0 0 -\n{}")
        }
    }

    private func measurePages(_ inspector: QueueInspector, of state: JobState, among count: Int) async throws {
        let queue = NoOperation.queue
        let nothing = JobFilter(name: "none")
        try await time("jobs(\(state)), the first 50") { _ in
            try expect(try await inspector.jobs(queue: queue, state: state).jobs.count == 50)
        }
        // A filter that lets nothing through goes to the middle.
        var cursor: String?
        let steps = max(1, count / 2 / 10_000)
        try await time("jobs(\(state)), a filter that looks at 10,000", runs: steps) { _ in
            let page = try await inspector.jobs(
                queue: queue, state: state, matching: nothing, cursor: cursor, scan: 10_000)
            try expect(page.jobs.isEmpty && page.nextCursor != nil)
            cursor = page.nextCursor
        }
        try await time("jobs(\(state)), 50 in the middle") { _ in
            try expect(try await inspector.jobs(queue: queue, state: state, cursor: cursor).jobs.count == 50)
        }
        try await time("jobs(\(state)), a filter that looks at 2,000") { _ in
            let page = try await inspector.jobs(queue: queue, state: state, matching: nothing, cursor: cursor)
            try expect(page.scanned == 2_000)
        }
    }

    private func measureJobs(_ inspector: QueueInspector, middle: Int) async throws {
        let queue = NoOperation.queue
        try await time("job(id:), waiting, beside 10,000 leases") { run in
            try expect(try await inspector.job(id: JobID("job-\(middle + run)"))?.state == .waiting)
        }
        try await time("job(id:), running, among 10,000 leases") { run in
            try expect(try await inspector.job(id: JobID("run-\(run * 400)"))?.state == .running)
        }
        try await time("job(id:), scheduled") { run in
            try expect(try await inspector.job(id: JobID("job-\(run)"))?.state == .scheduled)
        }
        try await time("job(id:), there is none") { run in
            try expect(try await inspector.job(id: JobID("none-\(run)")) == nil)
        }
        try await time("cancel of a waiting job, beside 10,000 leases") { run in
            try expect(try await inspector.cancel(id: JobID("job-\(middle + run)"), queue: queue) == .done)
        }
        try await time("cancel of a scheduled job") { run in
            try expect(try await inspector.cancel(id: JobID("job-\(run)"), queue: queue) == .done)
        }
        try await time("runNow of 100 scheduled jobs, one script") { run in
            let ids = (0..<100).map { JobID("job-\(1_000 + run * 100 + $0)") }
            let results = try await inspector.perform(.runNow, on: ids, queue: queue)
            try expect(results.allSatisfy { $0 == .done })
        }
    }

    /// Prints the median and the largest of some runs, in milliseconds.
    private func time(_ what: String, runs: Int = 21, _ body: (Int) async throws -> Void) async throws {
        var milliseconds: [Double] = []
        for run in 0..<runs {
            let start = monotonicNanoseconds()
            try await body(run)
            milliseconds.append(Double(monotonicNanoseconds() - start) / 1e6)
        }
        milliseconds.sort()
        print(
            what.padding(toLength: 50, withPad: " ", startingAt: 0)
                + String(format: "%9.3f ms, largest %9.3f ms", milliseconds[runs / 2], milliseconds[runs - 1]))
    }

    private func expect(_ holds: Bool) throws {
        guard holds else { throw WrongAnswer() }
    }

    private struct WrongAnswer: Error {}
}
