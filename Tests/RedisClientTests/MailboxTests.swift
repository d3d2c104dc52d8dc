import Testing

@testable import RedisClient

@Suite struct MailboxTests {
    private static func makeLink() -> Link {
        let configuration = RedisConfiguration(address: .unix(path: "x"))
        return Link(id: 1, state: LinkState(configuration: configuration, isDedicated: false, seed: 7))
    }

    private static func pending(_ name: String) -> PendingCommand {
        PendingCommand(RedisCommand(name), defaultTimeout: .seconds(10))
    }

    @Test func `what many tasks post comes out once, each task's in its order`() async {
        let mailbox = Mailbox()
        let link = Self.makeLink()
        var seen: [[Int]] = Array(repeating: [], count: 8)
        var count = 0
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in stride(from: 0, to: 3_000, by: 3) {
                        _ = mailbox.post(Self.pending("\(task) \(step)"), to: link)
                        _ = mailbox.post((1...2).map { Self.pending("\(task) \(step + $0)") }, to: link)
                    }
                }
            }
            var commands: ContiguousArray<PendingCommand> = []
            var controls: [Mailbox.Control] = []
            while count < 8 * 3_000 {
                mailbox.drain(commands: &commands, controls: &controls)
                for command in commands {
                    let words = command.command.name.split(separator: " ").compactMap { Int($0) }
                    seen[words[0]].append(words[1])
                }
                count += commands.count
                commands.removeAll()
                await Task.yield()
            }
        }
        #expect(seen == Array(repeating: Array(0..<3_000), count: 8))
    }

    @Test func `of those who post to a sleeping reactor one is told so`() async {
        let mailbox = Mailbox()
        let link = Self.makeLink()
        var commands: ContiguousArray<PendingCommand> = []
        var controls: [Mailbox.Control] = []
        for _ in 0..<200 {
            #expect(mailbox.prepareToSleep())
            let told = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask { mailbox.post(Self.pending("GET"), to: link) == .takenAsleep }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(told == 1)
            #expect(!mailbox.prepareToSleep())
            mailbox.drain(commands: &commands, controls: &controls)
        }
        #expect(commands.count == 8 * 200)
    }

    @Test func `a request is seen no later than the command behind it`() {
        let mailbox = Mailbox()
        let link = Self.makeLink()
        _ = mailbox.post(Self.pending("a"), to: link)
        mailbox.post(.reset(link))
        _ = mailbox.post(Self.pending("b"), to: link)
        var commands: ContiguousArray<PendingCommand> = []
        var controls: [Mailbox.Control] = []
        mailbox.drain(commands: &commands, controls: &controls)
        #expect(commands.map(\.command.name) == ["a", "b"])
        #expect(controls.count == 1)
        #expect(mailbox.prepareToSleep())
    }

    @Test func `a closed mailbox refuses, hands out what is left and keeps nothing`() {
        let mailbox = Mailbox()
        let link = Self.makeLink()
        weak var left: PendingCommand?
        weak var refused: PendingCommand?
        do {
            let first = Self.pending("left")
            left = first
            #expect(mailbox.post(first, to: link) == .taken)
            #expect(mailbox.shut().commands.map(\.command.name) == ["left"])
            let late = [Self.pending("1"), Self.pending("2")]
            refused = late[0]
            #expect(mailbox.post(late, to: link) == .refused)
            #expect(mailbox.post(late[1], to: link) == .refused)
            #expect(!mailbox.post(.close))
        }
        #expect(left == nil)
        #expect(refused == nil)
    }
}
