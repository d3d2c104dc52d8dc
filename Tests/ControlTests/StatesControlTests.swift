import Foundation
import JobQueue
import TestSupport
import Testing

/// A verb of `sunsetctl job` and the states in which it does something.
private struct Verb {
    let words: [String]
    let done: String
    let allowed: Set<JobState>

    init(_ words: String..., done: String, in allowed: Set<JobState>) {
        self.words = words
        self.done = done
        self.allowed = allowed
    }

    static let ends: Set<JobState> = [.waiting, .suspect, .running, .scheduled, .parked]
    static let resting: Set<JobState> = [.waiting, .suspect, .scheduled, .parked, .dead]
    static let all = [
        Verb("retry", done: "retried", in: [.dead]),
        Verb("run", done: "made claimable", in: [.scheduled]),
        Verb("cancel", done: "cancelled", in: ends),
        Verb("kill", done: "killed", in: ends),
        Verb("delete", done: "deleted", in: Set(JobState.allCases)),
        Verb("move", "--to", "elsewhere", "--new-queue", done: "moved to elsewhere", in: resting),
        Verb("edit", "--payload", #"{"text":"new"}"#, done: "edited", in: resting),
    ]
}

@Suite("sunsetctl: jobs in every state")
struct StatesControlTests {
    private let ids = ControlHarness.ids

    @Test("ls, show and trace tell of jobs in every state, and who runs what runs")
    func looking() async throws {
        try await ControlHarness.withEveryState { harness in
            for (state, expected) in ids {
                let said = try await harness.ctl("job", "ls", "work", "--state", state.rawValue, "--json")
                let jobs = try #require(try said.object()["jobs"] as? [[String: Any]])
                #expect(Set(jobs.compactMap { $0["id"] as? String }) == Set(expected), "\(state)")
                let shown = try await harness.ctl("job", "show", expected[0])
                #expect(shown.output.contains("\nstate     \(state.rawValue) ("), "\(shown.output)")
                let traced = try await harness.ctl("job", "trace", expected[0])
                #expect(traced.output.contains("\nstate      \(state.rawValue)\n"), "\(traced.output)")
            }
            let worker = try #require(try await harness.inspector.workers().first { $0.name == "test" })
            try await eventually("what runs is known") {
                let job = try await harness.inspector.job(id: JobID("r1"))
                return job?.worker == worker.id && job?.progress != nil
            }
            let running = try await harness.ctl("job", "show", "r1").output
            #expect(running.contains("\nworker    \(worker.id), since 2"))
            #expect(running.contains("\nprogress  50 % half way (2"))
            #expect(try await harness.ctl("job", "trace", "r1").output.contains("\nworker     \(worker.id)\n"))
            let listed = try await harness.ctl("job", "ls", "work", "--state", "running").output
            #expect(listed.split(separator: "\n").dropFirst().allSatisfy { $0.hasSuffix("  " + worker.id) })
            #expect(try await harness.ctl("worker", "show", worker.id).output.contains("r2"))
            let suspect = try await harness.ctl("job", "show", "u1").output
            #expect(suspect.contains("\nlapses    1\n") && suspect.contains("  lapsed  "))
            let tagged = try await harness.ctl("job", "ls", "work", "--tag", "tag-w2", "--json").object()
            #expect((tagged["jobs"] as? [[String: Any]])?.map { $0["id"] as? String } == ["w2"])
            let filtered = try await harness.ctl("job", "ls", "work", "--state", "completed", "--type", "work")
            #expect(filtered.status == 64 && filtered.errors.contains("no filter"))
            let inspected = try await harness.ctl("queue", "inspect", "work").output
            #expect(inspected.contains("queue      work (paused)\n") && inspected.contains("\nsuspect    4\n"))
            let total = try await harness.ctl("stats", "--json").object()
            #expect(total["running"] as? Int == 3 && total["parked"] as? Int == 4)
        }
    }

    @Test("each verb says by a dry run what it would do in each state, and refuses where it may not: nothing changes")
    func refusing() async throws {
        try await ControlHarness.withEveryState { harness in
            let before = try await harness.states()
            for verb in Verb.all {
                let refused = ControlHarness.oneOfEach.filter { before[$0].map { !verb.allowed.contains($0) } == true }
                let dry = try await harness.ctl(
                    ["job"] + verb.words + ["--id", ControlHarness.oneOfEach.joined(separator: ","), "--dry-run"])
                let lines = ControlHarness.oneOfEach.map { id in
                    guard let state = before[id], verb.allowed.contains(state) else {
                        return "\(id)  left alone: is \(before[id]?.rawValue ?? "")\n"
                    }
                    let isAsked = verb.done == "cancelled" && state == .running
                    return "\(id)  " + (isAsked ? "runs, and would be asked to stop\n" : "would be \(verb.done)\n")
                }
                #expect(dry.output == lines.joined(), "\(verb.words)")
                #expect(dry.status == (refused.isEmpty ? 0 : 1), "\(verb.words)")
                guard !refused.isEmpty else { continue }
                let real = try await harness.ctl(
                    ["job"] + verb.words + ["--id", refused.joined(separator: ","), "--yes", "--json"])
                #expect(real.status == 1)
                #expect(
                    try real.list().map { $0["result"] as? String }
                        == refused.map { "is_\(before[$0]?.rawValue ?? "")" },
                    "\(verb.words)")
            }
            for verb in Verb.all where verb.allowed.count < JobState.allCases.count {
                // In bulk a state that never allows it is refused at once.
                let state = try #require(JobState.allCases.first { !verb.allowed.contains($0) })
                let bulk = try await harness.ctl(
                    ["job"] + verb.words + ["--queue", "work", "--state", state.rawValue, "--yes"])
                #expect(bulk.status == 64)
                #expect(bulk.errors.contains("No job that is \(state.rawValue) can be \(verb.done)."), "\(bulk.errors)")
            }
            #expect(try await harness.states() == before)
        }
    }

    @Test("each verb does what it says in each state where it may")
    func steering() async throws {
        try await ControlHarness.withEveryState { harness in
            func job(_ verb: String, _ id: String, _ more: String...) async throws -> Said {
                try await harness.ctl(["job", verb, id] + more)
            }
            func expectDone(_ said: Said, _ text: String) { #expect(said.status == 0 && said.output == text + "\n") }
            expectDone(try await job("retry", "d1"), "d1  retried")
            expectDone(try await job("run", "s1"), "s1  made claimable")
            for id in ["d1", "s1"] { #expect(try await harness.state(id) == .waiting) }
            for id in ["w1", "u1", "s2", "p1"] {
                expectDone(try await job("cancel", id, "--yes", "--reason", "why not"), "\(id)  cancelled")
                let record = try #require(try await harness.inspector.job(id: JobID(id)))
                #expect(record.isCancelled && record.troubles.last?.message == "cancelled: why not")
            }
            for id in ["w2", "u2", "s3", "p2", "r2"] {
                expectDone(try await job("kill", id, "--yes", "--reason", "enough"), "\(id)  killed")
                let record = try #require(try await harness.inspector.job(id: JobID(id)))
                // What does not run has no lease to lose: it is cancelled.
                let word = id == "r2" ? "killed" : "cancelled"
                #expect(record.isCancelled && record.troubles.last?.message == "\(word): enough")
            }
            for id in ["w3", "u3", "s4", "p3", "r3", "d2", "c1"] {
                expectDone(try await job("delete", id, "--yes"), "\(id)  deleted")
                #expect(try await harness.state(id) == nil)
                #expect(try await job("show", id).status == 1)
            }
            for id in ["w4", "u4", "s5", "p4", "d3"] {
                let before = try await harness.inspector.job(id: JobID(id))?.state
                expectDone(try await job("edit", id, "--payload", #"{"text":"new"}"#), "\(id)  edited")
                let edited = try #require(try await harness.inspector.job(id: JobID(id)))
                #expect(edited.payload == #"{"text":"new"}"# && edited.state == before)
                expectDone(try await job("move", id, "--to", "elsewhere", "--new-queue"), "\(id)  moved to elsewhere")
                let moved = try #require(try await harness.inspector.job(id: JobID(id)))
                // What was parked may be known there: its claim says so.
                #expect(moved.queue == "elsewhere" && moved.state == (before == .parked ? .waiting : before))
                #expect(moved.payload == #"{"text":"new"}"#)
            }
            // A running job is asked, and its handler heeds it.
            expectDone(try await job("cancel", "r1", "--yes"), "r1  runs, and was asked to stop")
            try await eventually("r1 ended") {
                try await harness.inspector.job(id: JobID("r1"))?.isCancelled == true
            }
            try await eventually("the worker runs nothing any more") {
                try await harness.ctl("worker", "ls", "--json").list()
                    .first { $0["name"] as? String == "test" }.map { ($0["running"] as? [Any])?.isEmpty == true }
                    == true
            }
        }
    }

    @Test("in bulk, by filter: a dry run counts and changes nothing, then what matches is changed, and nothing else")
    func bulk() async throws {
        try await ControlHarness.withEveryState { harness in
            // How many match, of how many; 0 where what was cancelled still lies in its list, and in the dead.
            let cases: [(verb: String, state: JobState, more: [String], counts: (Int, Int), done: String)] = [
                ("run", .scheduled, ["--tag", "tag-s1"], (1, 5), "made claimable"),
                ("cancel", .running, ["--after", "2026-01-01T00:00:00Z"], (3, 3), "asked to stop"),
                ("cancel", .waiting, ["--tag", "tag-w1"], (1, 5), "cancelled"),
                ("kill", .suspect, ["--failures", "0"], (4, 4), "killed"),
                (
                    "move", .waiting, ["--tag", "tag-w2", "--to", "elsewhere", "--new-queue"], (1, 0),
                    "moved to elsewhere"
                ),
                ("edit", .dead, ["--error", "LUCK with d2", "--payload", #"{"text":"new"}"#], (1, 0), "edited"),
                ("retry", .dead, ["--error", "luck with d2"], (1, 0), "retried"),
                ("delete", .parked, ["--type", "later"], (4, 4), "deleted"),
                ("delete", .scheduled, ["--priority", "low"], (0, 4), "deleted"),
                ("delete", .completed, [], (2, 2), "deleted"),
            ]
            for (verb, state, more, counts, done) in cases {
                let before = try await harness.states()
                let words = ["job", verb, "--queue", "work", "--state", state.rawValue] + more
                let dry = try await harness.ctl(words + ["--dry-run"])
                #expect(dry.status == 0 && dry.output.hasPrefix("\(counts.0) of "), "\(words): \(dry.errors)")
                #expect(
                    dry.output.hasSuffix(" jobs would be \(done); nothing was changed\n"), "\(words): \(dry.output)")
                if counts.1 > 0 { #expect(dry.output.hasPrefix("\(counts.0) of \(counts.1) jobs"), "\(dry.output)") }
                #expect(dry.errors.contains(/reads all \d+ \w+ jobs? of queue work, page by page/))
                #expect(try await harness.states() == before, "\(words)")
                let real = try await harness.ctl(words + ["--yes"])
                #expect(real.status == 0 && real.output == "\(counts.0) of \(counts.0) jobs \(done)\n", "\(words)")
                if state == .running { try await harness.expectCancelled(["r1", "r2", "r3"]) }
            }
            let after = try await harness.states()
            for (id, state) in [
                ("s1", JobState.waiting), ("s2", .scheduled), ("w1", .dead), ("u1", .dead), ("u4", .dead),
                ("w2", .waiting), ("w3", .waiting), ("d2", .waiting), ("d1", .dead), ("r3", .dead),
            ] { #expect(after[id] == state, "\(id)") }
            for id in ["p1", "p4", "c1", "c2"] { #expect(after[id] == nil, "\(id)") }
            #expect(try await harness.inspector.job(id: JobID("w2"))?.queue == "elsewhere")
            #expect(try await harness.inspector.job(id: JobID("d2"))?.payload == #"{"text":"new"}"#)
            #expect(try await harness.inspector.job(id: JobID("d1"))?.payload == #"{"text":"fail"}"#)
        }
    }

    @Test("a running job is killed in bulk, and its worker goes on without it")
    func killing() async throws {
        try await ControlHarness.withEveryState { harness in
            let said = try await harness.ctl("job", "kill", "--queue", "work", "--state", "running", "--yes", "--json")
            #expect(try said.object()["changed"] as? Int == 3)
            for id in ["r1", "r2", "r3"] { #expect(try await harness.state(id) == .dead) }
            let edited = try await harness.ctl(
                "job", "edit", "--queue", "work", "--state", "suspect", "--payload", #"{"text":""}"#, "--yes")
            #expect(edited.output == "4 of 4 jobs edited\n")
            #expect(try await harness.ctl("queue", "resume", "work").status == 0)
            try await eventually("the worker took the rest") {
                let status = try await harness.inspector.queue(named: "work")
                return status.depth == 0 && status.running == 0
            }
            for id in ["u1", "u4", "w1", "w4"] { #expect(try await harness.state(id) == .completed) }
        }
    }

    @Test("queue empty takes all but what runs and what completed; rm --force takes these too, and the queue")
    func emptying() async throws {
        try await ControlHarness.withEveryState { harness in
            let parked = try await harness.ctl("queue", "empty", "work", "--state", "parked", "--yes")
            #expect(parked.output == "4 jobs are gone\n")
            #expect(try await harness.ctl("queue", "empty", "work", "--state", "running", "--yes").status == 64)
            let emptied = try await harness.ctl("queue", "empty", "work", "--yes", "--json")
            #expect(try emptied.object()["deleted"] as? Int == 17)
            #expect(
                try await harness.states() == [
                    "r1": .running, "r2": .running, "r3": .running, "c1": .completed, "c2": .completed,
                ])
            let kept = try await harness.ctl("queue", "rm", "work", "--yes")
            #expect(kept.status == 1 && kept.errors.contains("3 jobs that are running; --force deletes them"))
            #expect(try await harness.ctl("queue", "rm", "work", "--force").status == 64)
            #expect(try await harness.state("r1") == .running)
            #expect(try await harness.ctl("queue", "rm", "work", "--force", "--yes").output == "queue work is gone\n")
            #expect(try await harness.states().isEmpty)
            #expect(try await harness.ctl("queue", "ls", "--json").list().isEmpty)
            try await eventually("the worker was told") {
                try await harness.inspector.workers().first { $0.name == "test" }?.running.isEmpty == true
            }
        }
    }
}

extension ControlHarness {
    fileprivate func expectCancelled(_ ids: [String]) async throws {
        for id in ids {
            try await eventually("\(id) ended") { try await inspector.job(id: JobID(id))?.isCancelled == true }
        }
    }
}
