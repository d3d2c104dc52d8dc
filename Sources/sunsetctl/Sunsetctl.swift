import ArgumentParser

@main
struct Sunsetctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sunsetctl",
        abstract: "Looks at Sunset's queues and money, and steers them.",
        discussion: """
            Exit status: 0 done; 1 not found, or a check that did not hold; 64 wrong usage; 69 Redis or a file is out of reach.
            Every key of Config/sunset.yaml is a flag too: redis.socket is --redis-socket.
            """,
        subcommands: [QueueCommands.self, JobCommands.self, CronCommands.self, LedgerCommands.self]
    )
}

struct QueueCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "The queues.", subcommands: [QueueList.self, QueueInspect.self])
}

struct JobCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "The jobs.", subcommands: [JobList.self, JobShow.self, JobRetry.self])
}

struct CronCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron", abstract: "The periodic jobs.",
        subcommands: [
            CronList.self, CronHistory.self, CronRun.self, CronPause.self, CronResume.self, CronForget.self,
        ])
}

struct LedgerCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "The money.", subcommands: [LedgerVerify.self])
}
