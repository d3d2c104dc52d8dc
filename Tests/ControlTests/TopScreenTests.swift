import Foundation
import JobQueue
import TestSupport
import Testing

@Suite("sunsetctl top on a terminal")
struct TopScreenTests {
    /// Opens `top` in a window of tmux.
    ///
    /// The shell around it notes the terminal's mode before and after.
    private func open(
        _ harness: ControlHarness, _ words: String = "", columns: Int = 80, rows: Int = 24,
        environment: [String: String] = [:]
    ) throws -> Tmux {
        let (before, after) = (harness.folder.file("before"), harness.folder.file("after"))
        let command = harness.command("top --interval 0.2 \(words)")
        return try Tmux(
            "stty -g >\(before); echo SHELL; sh -c 'echo $$ >\(harness.folder.file("pid")); exec \(command)'; "
                + "echo ENDED $?; stty -g >\(after); exec sleep 1000",
            columns: columns, rows: rows, environment: environment)
    }

    private func expectRestored(_ screen: Tmux, _ harness: ControlHarness, status: Int) async throws {
        let text = try await screen.wait(for: "ENDED")
        #expect(text.hasPrefix("SHELL\nENDED \(status)"), "\(text)")
        let after = harness.folder.file("after")
        try await eventually("the mode was noted") {
            try FileManager.default.fileExists(atPath: after)
                && !String(contentsOfFile: after, encoding: .utf8).isEmpty
        }
        let before = try String(contentsOfFile: harness.folder.file("before"), encoding: .utf8)
        #expect(try String(contentsOfFile: after, encoding: .utf8) == before)
        #expect(try screen.tell("alternate_on") == "0")
        #expect(try screen.tell("cursor_flag") == "1")
    }

    /// The screen with everything that time changes replaced.
    private func steady(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0).replacing(/\ *\d+(\.\d+)?(ms|s|m)\b/, with: " T").replacing(/\d\d:\d\d:\d\d/, with: "CLOCK")
        }
    }

    @Test("at 80 by 24 it shows what waits, what is dead and what to look at, and q leaves the terminal as it was")
    func screen() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try open(harness)
            let lines = steady(try await screen.wait(for: "chores"))
            #expect(lines.count >= 24)
            #expect(lines[0].hasPrefix("sunset top  sunset at /"))
            #expect(lines[0].hasSuffix("CLOCK UTC  every T"))
            #expect(lines[1].hasPrefix("waiting 3  oldest T  running 0/0  dead 2  fail 67%  in "))
            #expect(lines[2] == "! no worker: chores 3 · failing: chores 67% · dead: chores 2")
            #expect(lines[3] == "[Queues 1]  Workers 0   Dead 2   Cron")
            #expect(
                lines[4].split(separator: " ").prefix(7) == [
                    "QUEUE", "STATE", "WAIT", "RUN", "OLDEST", "DEAD", "FAIL%",
                ])
            #expect(lines[5].hasPrefix("> chores"))
            #expect(lines[5].contains("no worker     3     0 T     2    67"))
            #expect(lines[23].hasPrefix("? help   q quit   tab view   ↑↓ select   p pause   r retry dead"))
            #expect(try screen.tell("alternate_on") == "1")
            #expect(try screen.tell("cursor_flag") == "0")
            try screen.type("q")
            try await expectRestored(screen, harness, status: 0)
        }
    }

    @Test("the whole screen is as committed, numbers and curves masked")
    func wholeScreen() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try open(harness)
            let lines = try await screen.wait(for: "> chores").split(
                separator: "\n", omittingEmptySubsequences: false)
            let masked = lines.prefix(24).map { line in
                String(line).replacing(/sunset at .* UTC/, with: "sunset at PLACE, CLOCK UTC")
                    .replacing(/[·▁▂▃▄▅▆▇█]{2,}/, with: "CURVE")
                    .replacing(/\ *\d[\d.]*(ms|s|m|h|%)?(?=\W|$)/, with: " N")
                    .replacing(/\s+$/, with: "")
            }
            try expectScreen(masked, "tmux-80x24")
        }
    }

    @Test("p pauses and resumes in Redis, r retries after y, tab turns to the other views")
    func keys() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try open(harness)
            try await screen.wait(for: "> chores")
            try screen.type("p")
            try await eventually("paused") { try await harness.inspector.queue(named: "chores").isPaused }
            try await screen.wait(for: "queue chores is paused; p lets it go on")
            try await screen.wait(for: "paused: chores 3")
            try screen.type("p")
            try await eventually("resumed") { try await !harness.inspector.queue(named: "chores").isPaused }
            try screen.type("Tab", "Tab")
            try await screen.wait(for: "no luck with d1")
            try screen.type("r")
            try await screen.wait(for: "Retry chore d")
            try screen.type("n")
            try await screen.wait(for: "nothing was changed")
            #expect(try await harness.inspector.queue(named: "chores").dead == 2)
            try screen.type("1", "r")
            try await screen.wait(for: "Retry all 2 dead jobs of queue chores? [y/N]")
            try screen.type("y")
            try await eventually("retried") { try await harness.inspector.queue(named: "chores").dead == 0 }
            try await screen.wait(for: "queue chores: 2 dead jobs retried")
            try screen.type("4")
            try await screen.wait(for: "no process has declared a periodic job")
            try screen.type("2")
            try await screen.wait(for: "no worker was heard of")
            try screen.type("?")
            try await screen.wait(for: "any key goes back")
        }
    }

    @Test("it follows the size of the window: more columns, fewer rows, and what is too small")
    func resizing() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try open(harness)
            #expect(try await !screen.wait(for: "> chores").contains("WORKERS"))
            try screen.resize(columns: 120, rows: 40)
            #expect(try await screen.wait(for: "WORKERS").contains("chores, "))
            try await eventually("the keys are in the last row") { try screen.lines()[39].hasPrefix("? help") }
            try screen.resize(columns: 40, rows: 9)
            // tmux shows what is left of the old screen first.
            try await eventually("the small screen is drawn") {
                let small = try screen.lines()
                return small[5].hasPrefix("> chores") && small[8].hasPrefix("? help")
                    && small.allSatisfy { $0.count <= 40 }
            }
            try screen.resize(columns: 20, rows: 5)
            try await screen.wait(for: "too small: 20x5")
        }
    }

    @Test("colours show trouble, NO_COLOR has none, and a terminal without Unicode gets ASCII")
    func looks() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let colored = try open(harness)
            try await colored.wait(for: "> chores")
            #expect(try colored.lines(withStyles: true).joined().contains(/\u{1B}\[[0-9;]*3[1-6]/))
            let plain = try open(harness, environment: ["NO_COLOR": "1", "LC_ALL": "C"])
            try await plain.wait(for: "> chores")
            let styled = try plain.lines(withStyles: true).joined()
            #expect(!styled.contains(/\u{1B}\[[0-9;]*3[1-6]/))
            #expect(styled.contains("\u{1B}[1m"))
            #expect(try plain.text().utf8.allSatisfy { $0 < 0x80 })
        }
    }

    @Test("a terminal that can't move its cursor is refused with what to do instead")
    func dumb() async throws {
        try await ControlHarness.run { harness in
            let screen = try Tmux("TERM=dumb \(harness.command("top")); echo ENDED $?; exec sleep 1000")
            let text = try await screen.wait(for: "ENDED 64")
            #expect(text.contains("TERM is 'dumb'"))
            #expect(text.contains("--once prints one look"))
        }
    }

    @Test("while Redis is away it says so and goes on; then it shows what is new")
    func outage() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try open(harness)
            try await screen.wait(for: "> chores")
            harness.server.kill()
            let lost = try await screen.wait(for: "CONNECTION LOST")
            #expect(lost.contains("> chores"))
            try screen.type("Tab")
            try await screen.wait(for: "[Workers 0]")
            try await harness.server.restart()
            try screen.type("1")
            try await eventually("connected again") { try !screen.text().contains("CONNECTION LOST") }
            try screen.type("q")
            try await expectRestored(screen, harness, status: 0)
        }
    }

    @Test("a signal ends it with its status, and the terminal is as it was")
    func signals() async throws {
        try await ControlHarness.run { harness in
            for (signal, status) in [(SIGTERM, 143), (SIGINT, 0)] {
                _ = try? FileManager.default.removeItem(atPath: harness.folder.file("after"))
                let screen = try open(harness)
                try await screen.wait(for: "no queue has had a job yet")
                let pid = try String(contentsOfFile: harness.folder.file("pid"), encoding: .utf8)
                kill(try #require(pid_t(pid.trimmingCharacters(in: .whitespacesAndNewlines))), signal)
                try await expectRestored(screen, harness, status: status)
            }
        }
    }

    @Test("a signal ends it on a terminal that takes no output any more, which is as it was before")
    func stalled() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "stalled_terminal.py")
                .path
            let output = harness.folder.file("stalled")
            let child = try ChildProcess(
                "/bin/sh", ["-c", "exec python3 \(script) \(harness.command("top --interval 0.2"))"], output: output)
            child.wait()
            #expect(try String(contentsOfFile: output, encoding: .utf8) == "full 143 restored left\n")
        }
    }

    @Test("p and r steer workers, periodic jobs and single dead jobs too")
    func otherKeys() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try open(harness)
            try await screen.wait(for: "> chores")
            try screen.type("3")
            try await screen.wait(for: "no luck with d")
            try screen.type("r")
            try await screen.wait(for: "Retry chore d")
            try screen.type("y")
            try await eventually("one retried") { try await harness.inspector.queue(named: "chores").dead == 1 }
            try await harness.withSchedule("nightly") {
                try screen.type("4")
                try await screen.wait(for: "> nightly")
                try screen.type("p")
                try await eventually("paused") { try await harness.inspector.schedules().first?.pausedAt != nil }
                try await screen.wait(for: "paused")
                try screen.type("p")
                try await eventually("resumed") { try await harness.inspector.schedules().first?.pausedAt == nil }
                let depth = try await harness.inspector.queue(named: "chores").depth
                try screen.type("r")
                try await screen.wait(for: "[y/N]")
                try screen.type("y")
                try await eventually("run") { try await harness.inspector.queue(named: "chores").depth == depth + 1 }
            }
            var handlers = JobHandlers()
            handlers.register(Chore.self) { _, _ in }
            try await harness.withWorker(handlers) {
                try screen.type("2")
                try await screen.wait(for: "> test")
                try screen.type("p")
                try await eventually("quiet") { try await harness.inspector.workers().first?.state == "quiet" }
                try await screen.wait(for: "quiet")
                try await eventually("it goes on") {
                    // The screen must know of the quiet worker before p means the opposite.
                    try screen.type("p")
                    try await Task.sleep(for: .milliseconds(300))
                    return try await harness.inspector.workers().first?.state == "running"
                }
            }
        }
    }

    @Test("^Z gives the terminal back to the shell, and fg takes it again")
    func suspending() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let screen = try Tmux("PS1='shell> ' exec bash --norc --noprofile -i")
            try await screen.wait(for: "shell>")
            try screen.type(harness.command("top --interval 0.2"), "Enter")
            try await screen.wait(for: "> chores")
            try screen.type("C-z")
            try await screen.wait(for: "Stopped")
            #expect(try screen.tell("alternate_on") == "0")
            try screen.type("stty -a | tr ' ;' '\\n\\n' | grep -x -e echo -e icanon", "Enter")
            try await screen.wait(for: "icanon\necho")
            try screen.type("fg", "Enter")
            try await screen.wait(for: "> chores")
            #expect(try screen.tell("alternate_on") == "1")
            try screen.type("q")
            try await screen.wait(for: "shell>")
            #expect(try screen.tell("alternate_on") == "0")
        }
    }
}

@Suite("sunsetctl top without a terminal")
struct TopPrintTests {
    @Test("without a terminal one look is printed as plain text, with all that there is")
    func once() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let said = try await harness.ctl("top")
            #expect(said.status == 0)
            #expect(!said.output.contains("\u{1B}"))
            #expect(said.output.contains("! no worker: chores 3"))
            for heading in ["\nQueues\n", "\nWorkers\n", "\nDead\n", "\nCron\n", "no luck with d1", "no luck with d2"] {
                #expect(said.output.contains(heading), "\(heading)")
            }
        }
    }

    @Test("as JSON each look is a line, so many as asked for")
    func json() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let said = try await harness.ctl("top", "--json", "--count", "2", "--interval", "0.2")
            let lines = said.output.split(separator: "\n")
            #expect(lines.count == 2)
            let look = try #require(
                try JSONSerialization.jsonObject(with: Data(lines[1].utf8)) as? [String: Any])
            let queue = try #require((look["queues"] as? [[String: Any]])?.first)
            #expect(queue["state"] as? String == "no_worker")
            #expect(queue["waiting"] as? Int == 3)
            #expect((queue["completed_by_minute"] as? [Int])?.count == 15)
            #expect((look["totals"] as? [String: Any])?["dead"] as? Int == 2)
            #expect((look["dead"] as? [[String: Any]])?.count == 2)
            #expect((look["alarms"] as? [String])?.first == "no worker: chores 3")
        }
    }

    @Test("what is wrong with an option is said with what is allowed")
    func options() async throws {
        try await ControlHarness.run { harness in
            for (words, text) in [
                (["--interval", "0"], "0.2 to 3600"), (["--json", "--count", "0"], "1 or more"),
                (["--count", "2"], "goes with --json"),
            ] {
                let said = try await harness.ctl(["top"] + words)
                #expect(said.status == 64)
                #expect(said.errors.contains(text))
            }
        }
    }
}
