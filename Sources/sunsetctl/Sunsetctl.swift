import ArgumentParser
import Settings
import Synchronization

@main
struct Sunsetctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sunsetctl",
        abstract: "Looks at Sunset's queues and money, and steers them.",
        discussion: """
            Exit status: 0 done; 1 not found, refused, or a check that did not hold; 2 warnings alone (doctor, config check); \
            64 wrong usage; 69 Redis or a file is out of reach.
            Every key of Config/sunset.yaml is a flag too: redis.socket is --redis-socket.
            """,
        subcommands: [
            QueueCommands.self, JobCommands.self, DeadCommands.self, WorkerCommands.self, PoolCommands.self,
            CronCommands.self, BatchCommands.self, Stats.self, Top.self, OrderCommands.self, UserCommands.self,
            UploadCommands.self, KeysCommands.self, LedgerCommands.self, StoreCommands.self, ConfigCommands.self,
            Doctor.self, Completions.self,
        ]
    )

    /// Takes the settings out before the command line is parsed: a setting's value is not a job's id.
    static func main() async {
        let flags = Set(SettingDefinition.all.map(\.flag))
        var words: [String] = []
        var settings: [String] = []
        var rest = CommandLine.arguments.dropFirst()
        // A shell that wants completions counts the words: they stay, and the settings among them hold all the same.
        let isCompletion = rest.first == "---completion"
        while let word = rest.popFirst() {
            let name = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
            guard flags.contains(name) else {
                words.append(word)
                continue
            }
            let value = name == word ? rest.popFirst() : nil
            settings += [word] + (value.map { [$0] } ?? [])
            if isCompletion { words += [word] + (value.map { [$0] } ?? []) }
        }
        CommonOptions.settings.withLock { $0 = settings }
        await main(words)
    }
}

struct QueueCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "The queues.",
        subcommands: [
            QueueList.self, QueueInspect.self, QueueHistoryCommand.self, QueuePause.self, QueueResume.self,
            QueueDrainCommand.self, QueueEmpty.self, QueueLimit.self, QueueRemove.self,
        ])
}

struct JobCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "The jobs, one by one or in bulk.",
        subcommands: [
            JobList.self, JobShow.self, JobTraceCommand.self, JobEnqueue.self, JobRetry.self, JobRun.self,
            JobCancel.self, JobKill.self, JobDelete.self,
            JobMove.self, JobEdit.self,
        ])
}

struct DeadCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "The dead letters.",
        subcommands: [DeadList.self, DeadRetryAll.self, DeadPurge.self])
}

struct WorkerCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "The worker processes.",
        subcommands: [WorkerList.self, WorkerShow.self, WorkerQuiet.self, WorkerResume.self, WorkerStop.self])
}

struct PoolCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "The pools of worker processes.", subcommands: [PoolList.self, PoolScale.self])
}

struct CronCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron", abstract: "The periodic jobs.",
        subcommands: [
            CronList.self, CronHistory.self, CronRun.self, CronPause.self, CronResume.self, CronForget.self,
        ])
}

struct BatchCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "The batches of jobs.", subcommands: [BatchList.self, BatchShow.self])
}

struct OrderCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order", abstract: "The orders.", subcommands: [OrderTrace.self])
}

struct LedgerCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "The money.", subcommands: [LedgerVerify.self])
}

struct StoreCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "The object store, on the host that has it.",
        subcommands: [StoreStats.self, StoreScrub.self])
}

struct UserCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "The accounts.",
        subcommands: [
            UserList.self, UserShow.self, UserPromote.self, UserDemote.self, UserSuspend.self, UserResume.self,
        ])
}

struct KeysCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "The keys that sign URLs and download links.",
        subcommands: [KeysList.self, KeysRotate.self])
}

struct ConfigCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The settings.", subcommands: [ConfigCheck.self])
}
