import ArgumentParser
import Assembly
import JobQueue
import RedisClient
import Settings
import Synchronization

/// What TAB offers where only the installation knows.
enum Offered {
    /// The queues that Redis knows, and those of the settings.
    static let queue = CompletionKind.custom { words, _, _ in
        let configured = settings(words)?.queues.map(\.name) ?? []
        let known = await ask(words) { try await $0.queues(minutes: 0).map(\.name) }
        return Set(configured + known).sorted()
    }

    /// The workers' ids.
    static let worker = CompletionKind.custom { words, _, _ in await ask(words) { try await $0.workers().map(\.id) } }

    /// The periodic jobs' names.
    static let schedule = CompletionKind.custom { words, _, _ in
        await ask(words) { try await $0.schedules().map(\.name) }
    }

    /// The settings as the line that is being typed gives them; none if they are wrong: TAB is no place to say so.
    private static func settings(_ words: [String]) -> Settings? {
        let file = words.firstIndex(of: "--config").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        return SettingsCheck(file: file, flags: CommonOptions.settings.withLock { $0 }).settings
    }

    /// Nobody waits long at TAB: without an answer in a second there is nothing to offer.
    private static func ask(
        _ words: [String], _ body: @escaping @Sendable (QueueInspector) async throws -> [String]
    ) async -> [String] {
        guard let settings = settings(words),
            let (redis, queue) = try? Installation.openQueue(settings, role: "sunsetctl", logger: CommonOptions.logger)
        else { return [] }
        let names = await withTaskGroup(of: [String].self) { group in
            group.addTask { (try? await body(QueueInspector(queue: queue))) ?? [] }
            group.addTask {
                try? await Task.sleep(for: .seconds(1))  // cancelled: the other was first
                return []
            }
            let first = await group.next() ?? []
            group.cancelAll()
            return first
        }
        await redis.close()
        return names
    }
}

struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the completion script for a shell.",
        discussion: """
            bash: sunsetctl completions bash > ~/.local/share/bash-completion/completions/sunsetctl
            zsh:  sunsetctl completions zsh > a folder of $fpath, as _sunsetctl
            fish: sunsetctl completions fish > ~/.config/fish/completions/sunsetctl.fish
            It completes commands, options and their values, and asks Redis for the names of queues, workers and periodic jobs.
            """)
    @Argument(help: "The shell: bash, zsh, fish.", completion: .list(["bash", "zsh", "fish"])) var shell: String

    func validate() throws {
        guard CompletionShell(rawValue: shell) == nil else { return }
        throw ValidationError("'\(shell)' is not a shell that there are completions for; it must be bash, zsh or fish.")
    }

    func run() throws {
        guard let shell = CompletionShell(rawValue: shell) else { return }
        print(Sunsetctl.completionScript(for: shell))
    }
}
