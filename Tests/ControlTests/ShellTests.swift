import Foundation
import JobQueue
import TestSupport
import Testing

@Suite("sunsetctl: completions, manual, documentation")
struct ShellTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "sunsetctl").path

    /// Runs a shell's script and returns what it wrote and how it ended.
    private func run(_ shell: String, _ script: String, in folder: TemporaryDirectory) throws -> Said {
        let (out, err, file) = (folder.file("out"), folder.file("err"), folder.file("script"))
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            "/bin/sh", ["-c", "exec \"$0\" \"$1\" >'\(out)' 2>'\(err)' </dev/null", shell, file])
        let status = child.wait()
        return Said(
            status: status >> 8, output: try String(contentsOfFile: out, encoding: .utf8),
            errors: try String(contentsOfFile: err, encoding: .utf8))
    }

    private func find(_ program: String) -> String? {
        ["/usr/bin/", "/bin/"].map { $0 + program }.first { access($0, X_OK) == 0 }
    }

    @Test("bash sources its completions, and completes commands, verbs, values, and queues that only Redis knows")
    func bash() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let folder = URL(filePath: Self.program).deletingLastPathComponent().path
            func complete(_ line: String, socket: String = "/nowhere") throws -> [String] {
                let said = try run(
                    "/bin/bash",
                    """
                    PATH='\(folder)':$PATH
                    export SUNSET_REDIS_SOCKET='\(socket)'
                    source <(sunsetctl completions bash)
                    COMP_LINE='\(line)'
                    COMP_POINT=${#COMP_LINE}
                    read -ra COMP_WORDS <<<"$COMP_LINE"
                    [[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
                    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                    _sunsetctl sunsetctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                    printf '%s\\n' "${COMPREPLY[@]}"
                    """, in: harness.folder)
                #expect(said.status == 0 && said.errors.isEmpty, "\(said.errors)")
                return said.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            }
            #expect(try complete("sunsetctl que") == ["queue"])
            #expect(try Set(["ls", "pause", "resume", "limit", "rm"]).isSubset(of: complete("sunsetctl queue ")))
            #expect(try complete("sunsetctl user ls --status susp") == ["suspended"])
            let socket = harness.server.socketPath
            #expect(try complete("sunsetctl queue pause cho", socket: socket) == ["chores"])
            // Without Redis the queues of the settings are offered, and nobody waits for it.
            #expect(try complete("sunsetctl queue pause mai") == ["mail", "maintenance"])
        }
    }

    @Test("zsh and fish take their completions", arguments: ["zsh", "fish"])
    func otherShells(_ shell: String) async throws {
        let folder = try TemporaryDirectory()
        let path = try #require(find(shell), "scripts/setup test installs it")
        let script = try run("/bin/sh", "'\(Self.program)' completions \(shell)", in: folder)
        #expect(script.status == 0)
        let file = folder.file("completions")
        try script.output.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try run("/bin/sh", "'\(path)' -n '\(file)'", in: folder).isSilent)
        guard shell == "fish" else { return }
        let home = folder.path
        let said = try run(
            "/bin/sh",
            "HOME='\(home)' PATH=\"$(dirname '\(Self.program)'):$PATH\" '\(path)' -c "
                + "\"source '\(file)'; complete -C 'sunsetctl que'\"", in: folder)
        #expect(said.output == "queue\tThe queues.\n", "\(said.errors)")
    }

    @Test("an unknown shell is refused with those that there are")
    func unknownShell() async throws {
        let said = try run("/bin/sh", "'\(Self.program)' completions csh", in: try TemporaryDirectory())
        #expect(said.status == 64)
        #expect(said.errors.contains("bash, zsh or fish"))
    }

    @Test("the manual page is what the program says of itself, and formats without a warning")
    func manual() async throws {
        let folder = try TemporaryDirectory()
        let check = try run(
            "/bin/sh", "python3 '\(Self.root.path)/scripts/manual' --check --program '\(Self.program)'", in: folder)
        #expect(check.status == 0, "\(check.errors)")
        let page = Self.root.appending(path: "docs/man/sunsetctl.1").path
        let groff = try run("/bin/sh", "groff -man -ww -z -Tutf8 '\(page)'", in: folder)
        #expect(groff.isSilent, "\(groff.errors)")
        let shown = try run("/bin/sh", "MANWIDTH=80 man -l '\(page)' | cat", in: folder)
        #expect(shown.status == 0 && shown.output.contains("EXIT STATUS"))
    }

    @Test("the table in docs/operations.md has every verb of the program, and no other; every verb has --json")
    func verbs() async throws {
        let said = try run("/bin/sh", "'\(Self.program)' --experimental-dump-help", in: try TemporaryDirectory())
        let root = try #require(try said.object()["command"] as? [String: Any])
        var verbs: Set<String> = []
        collect(root, [], &verbs)
        #expect(verbs.count > 50)
        let text = try String(contentsOf: Self.root.appending(path: "docs/operations.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap {
            $0.split(separator: "`").dropFirst().first.map(String.init)
        }
        let documented = Set(rows.filter { $0.first?.isNumber != true })
        #expect(verbs.subtracting(documented).sorted() == [])
        #expect(documented.subtracting(verbs).sorted() == [])
        #expect(rows.count == Set(rows).count)
        for code in ["0", "1", "2", "64", "69", "128 + n"] {
            #expect(text.contains("| `\(code)` |"), "exit code \(code)")
        }
    }

    private func collect(_ command: [String: Any], _ path: [String], _ verbs: inout Set<String>) {
        let children = (command["subcommands"] as? [[String: Any]] ?? [])
            .filter { $0["commandName"] as? String != "help" }
        guard children.isEmpty else {
            for child in children { collect(child, path + [child["commandName"] as? String ?? ""], &verbs) }
            return
        }
        let name = path.joined(separator: " ")
        verbs.insert(name)
        let arguments = (command["arguments"] as? [[String: Any]] ?? []).compactMap { $0["valueName"] as? String }
        // A completion script is what it is.
        if name != "completions" { #expect(arguments.contains("json"), "\(name)") }
    }
}

extension Said {
    /// It ended well and said nothing.
    fileprivate var isSilent: Bool { status == 0 && output.isEmpty && errors.isEmpty }
}
