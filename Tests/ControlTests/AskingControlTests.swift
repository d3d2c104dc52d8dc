import Foundation
import JobQueue
import TestSupport
import Testing

@Suite("sunsetctl asks before it destroys")
struct AskingControlTests {
    /// What destroys something, and what the question says of it.
    private static let destructive: [(words: [String], question: String)] = [
        (["job", "cancel", "w1"], "1 job(s) will be cancelled. Go on?"),
        (["job", "kill", "w1"], "1 job(s) will be killed. Go on?"),
        (["job", "delete", "--id", "w1,d1"], "2 job(s) will be deleted. Go on?"),
        (
            ["job", "cancel", "--queue", "chores", "--state", "waiting"],
            "Of all 3 waiting jobs of queue chores, which are read page by page, those that match will be cancelled. Go on?"
        ),
        (
            ["job", "kill", "--queue", "chores", "--state", "scheduled"],
            "Of all 1 scheduled job of queue chores, which are read page by page, those that match will be killed. Go on?"
        ),
        (["job", "delete", "--queue", "chores", "--state", "dead"], "those that match will be deleted. Go on?"),
        (
            ["job", "edit", "--queue", "chores", "--state", "waiting", "--payload", "{}"],
            "those that match will be edited. Go on?"
        ),
        (["dead", "purge", "chores"], "Of all 2 dead jobs of queue chores,"),
        (["queue", "empty", "chores"], "Delete 6 jobs of queue chores?"),
        (["queue", "empty", "chores", "--state", "dead"], "Delete 2 jobs of queue chores?"),
        (["queue", "rm", "chores", "--force"], "Remove queue chores with all its jobs?"),
        (["worker", "stop", "test"], "Stop worker test?"),
        (["cron", "forget", "nightly"], "Forget the periodic job nightly and its history?"),
    ]

    private func states(_ harness: ControlHarness) async throws -> [JobState?] {
        var states: [JobState?] = []
        for id in ["w1", "w2", "w3", "s1", "d1", "d2", "c1"] { states.append(try await harness.state(id)) }
        return states
    }

    @Test("without a terminal and without --yes what destroys is refused with its question, and nothing changes")
    func refusing() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let before = try await states(harness)
            try await harness.withSchedule("nightly") {
                try await eventually("declared") { try await !harness.inspector.schedules().isEmpty }
                for (words, question) in Self.destructive {
                    // A yes that nobody typed on a terminal is none.
                    let said = try await harness.ctl(words, input: "y\n")
                    #expect(said.status == 64, "\(words)")
                    #expect(said.errors.contains(question), "\(words): \(said.errors)")
                    #expect(said.errors.contains("There is no terminal to ask on: say --yes."), "\(words)")
                    #expect(said.output.isEmpty)
                }
                #expect(try await !harness.inspector.schedules().isEmpty)
            }
            #expect(try await states(harness) == before)
        }
    }

    @Test("on a terminal y and yes do it; n, nothing, ^D and ^C leave everything as it is")
    func answering() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let before = try await states(harness)
            func ask(_ words: String) throws -> Tmux {
                // The shell outlives ^C, to tell how the program ended.
                try Tmux("trap : INT; \(harness.command(words)); echo ENDED $?; exec sleep 1000", columns: 160)
            }
            for (keys, status) in [(["n", "Enter"], 1), (["Enter"], 1), (["C-d"], 1), (["x", "y", "Enter"], 1)] {
                let screen = try ask("dead purge chores")
                let asked = try await screen.wait(for: "[y/N]")
                #expect(asked.contains("Of all 2 dead jobs of queue chores, which are read page by page,"))
                for key in keys { try screen.type(key) }
                let text = try await screen.wait(for: "ENDED \(status)")
                #expect(text.contains("sunsetctl: nothing was changed"), "\(text)")
            }
            let cut = try ask("queue rm chores --force")
            try await cut.wait(for: "Remove queue chores with all its jobs? [y/N]")
            try cut.type("C-c")
            try await cut.wait(for: "ENDED 130")
            #expect(try await states(harness) == before)

            let purge = try ask("dead purge chores")
            try await purge.wait(for: "[y/N]")
            try purge.type("y", "Enter")
            try await purge.wait(for: "ENDED 0")
            #expect(try purge.text().contains("2 of 2 jobs deleted"))
            #expect(try await harness.state("d1") == nil)
            let cancel = try ask("job cancel w1")
            try await cancel.wait(for: "1 job(s) will be cancelled. Go on? [y/N]")
            try cancel.type("Y", "E", "S", "Enter")
            try await cancel.wait(for: "w1  cancelled\nENDED 0")
            #expect(try await harness.state("w1") == .dead)
        }
    }

    @Test("a bulk verb shows how far it is on a terminal, step by step, and leaves the line clean")
    func progress() async throws {
        try await ControlHarness.run { harness in
            try await harness.queue.enqueue((0..<1_000).map { try Chore(text: "\($0)").prepared(id: JobID("b\($0)")) })
            let screen = try Tmux(
                "read go; \(harness.command("job cancel --queue chores --state waiting --yes")); echo ENDED $?; "
                    + "read go; \(harness.command("queue empty chores --state dead --yes")); echo ENDED $?; exec sleep 1000",
                columns: 100)
            let file = harness.folder.file("screen")
            try screen.copy(to: file)
            try screen.type("Enter")
            let text = try await screen.wait(for: "ENDED 0")
            #expect(text.contains("sunsetctl: reads all 1000 waiting jobs of queue chores, page by page"))
            #expect(text.contains("\n1000 of 1000 jobs cancelled\nENDED 0"), "\(text)")
            var written = ""
            try await eventually("all was copied") {
                written = try String(contentsOfFile: file, encoding: .utf8)
                return written.contains("ENDED 0")
            }
            let steps = written.matches(of: /\r\[([#.]{30})\] (\d+) % (\d+)\/1000 (\d+) match\u{1B}\[K/)
            #expect(steps.compactMap { Int($0.3) } == Array(stride(from: 100, through: 1_000, by: 100)))
            #expect(steps.map { $0.1.count { $0 == "#" } } == Array(stride(from: 3, through: 30, by: 3)))
            #expect(written.contains("\r\u{1B}[K1000 of 1000"))
            try screen.type("Enter")
            try await screen.wait(for: "\n1000 jobs are gone\nENDED 0")
            try await eventually("all was copied") {
                written = try String(contentsOfFile: file, encoding: .utf8)
                return written.matches(of: /ENDED 0/).count == 2
            }
            #expect(written.contains("] 50 % 500/1000") && written.contains("] 100 % 1000/1000 \u{1B}[K"))
        }
    }

    @Test("a file and a program get no bar")
    func noProgress() async throws {
        try await ControlHarness.run { harness in
            try await harness.queue.enqueue((0..<300).map { try Chore(text: "\($0)").prepared(id: JobID("b\($0)")) })
            let said = try await harness.ctl("job", "cancel", "--queue", "chores", "--state", "waiting", "--yes")
            #expect(said.output == "300 of 300 jobs cancelled\n")
            #expect(said.errors == "sunsetctl: reads all 300 waiting jobs of queue chores, page by page\n")
            let errors = harness.folder.file("errors")
            let screen = try Tmux(
                "\(harness.command("dead purge chores --yes --json")) 2>\(errors); echo ENDED $?; exec sleep 1000")
            #expect(try await screen.wait(for: "ENDED 0").contains("\"changed\" : 300"))
            #expect(try !String(contentsOfFile: errors, encoding: .utf8).contains("#"))
        }
    }
}
