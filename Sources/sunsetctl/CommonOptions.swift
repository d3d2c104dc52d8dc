import ArgumentParser
import Assembly
import Foundation
import JobQueue
import Logging
import Marketplace
import RedisClient
import Settings
import Synchronization

/// What every command takes, and how it reaches the installation.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print JSON for programs instead of a table for people.") var json = false
    @Option(help: "The file of settings.", completion: .file(extensions: ["yaml", "yml"])) var config: String?

    /// The settings of the command line, as `--key value`; see ``Sunsetctl/main()``.
    static let settings = Mutex<[String]>([])

    /// The settings as they are read, whether they are right or not.
    var settingsCheck: SettingsCheck { SettingsCheck(file: config, flags: Self.settings.withLock { $0 }) }

    /// Reaches the queues alone: no folder, key or file of the installation is needed, so it works from any host.
    func withQueue(_ body: (QueueInspector, JobQueue) async throws -> Void) async throws {
        try await complaining {
            let settings = try Settings(file: config, flags: Self.settings.withLock { $0 })
            let (redis, queue) = try Installation.openQueue(settings, role: "sunsetctl", logger: Self.logger)
            do {
                try await body(QueueInspector(queue: queue), queue)
            } catch {
                await redis.close()
                throw error
            }
            await redis.close()
        }
    }

    /// Ends the command with status 1 unless Redis knows the queue or the settings' workers serve it.
    ///
    /// - Parameter hint: what else there is to say then.
    func requireQueue(_ name: String, _ inspector: QueueInspector, hint: String = "") async throws {
        let configured = try Settings(file: config, flags: Self.settings.withLock { $0 }).queues.map(\.name)
        let known = try await inspector.queues(minutes: 0, including: configured).map(\.name)
        guard !known.contains(name) else { return }
        throw Self.refuse("there is no queue '\(name)'; there are: \(known.joined(separator: ", "))" + hint)
    }

    /// Where the queues are, in words.
    func address() throws -> String {
        let settings = try Settings(file: config, flags: Self.settings.withLock { $0 })
        let redis = settings.redis
        let place =
            !redis.sentinels.isEmpty
            ? "\(redis.sentinelMaster) by Sentinel" : redis.socket ?? "\(redis.host):\(redis.port)"
        return "\(settings.namespace) at \(place)"
    }

    /// Opens the installation, runs `body`, and turns failures into a line on standard error and an exit status.
    func withInstallation(_ body: (Installation) async throws -> Void) async throws {
        try await complaining {
            let settings = try Settings(file: config, flags: Self.settings.withLock { $0 })
            let installation = try await Installation.open(settings, role: "sunsetctl", logger: Self.logger)
            do {
                try await body(installation)
            } catch {
                await installation.redis.close()
                throw error
            }
            await installation.redis.close()
        }
    }

    /// Reads the settings alone.
    func withSettings(_ body: (Settings) async throws -> Void) async throws {
        try await complaining { try await body(Settings(file: config, flags: Self.settings.withLock { $0 })) }
    }

    static var logger: Logger {
        var logger = Logger(label: "sunsetctl") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }

    /// Turns failures into a line on standard error and the documented exit status.
    func complaining(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let code as ExitCode {
            throw code
        } catch let error as SettingsError {
            Self.complain("\(error)")
            throw ExitCode(64)
        } catch let error as ValidationError {
            Self.complain("\(error)")
            throw ExitCode(64)
        } catch let error as JobQueueError
            where [.invalidJob, .payloadTooLarge, .invalidConfiguration].contains(error.code)
        {
            Self.complain(error.message)
            throw ExitCode(64)
        } catch let error as MarketplaceError where error.category != .unavailable {
            Self.complain(error.detail)
            throw ExitCode(error.category == .invalid ? 64 : 1)
        } catch {
            Self.complain("\(error)")
            throw ExitCode(69)
        }
    }

    /// Prints one JSON value, keys sorted, so that two runs can be compared.
    func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data(("sunsetctl: " + text + "\n").utf8))
    }

    /// What changed, for people and for programs.
    func report(_ text: String, _ values: some Encodable) throws {
        if json { try printJSON(values) } else { print(text) }
    }

    /// Refuses, and ends with status 1.
    static func refuse(_ text: String) -> ExitCode {
        complain(text)
        return ExitCode(1)
    }
}

/// What a destructive command takes: it asks, unless it is told not to.
struct ConsentOptions: ParsableArguments {
    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask; what loses nothing never asks.")
    var isGiven = false

    /// Asks on the terminal; without one, `--yes` is needed.
    func ask(_ question: String) throws {
        guard !isGiven else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("\(question) There is no terminal to ask on: say --yes.")
        }
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else {
            CommonOptions.complain("nothing was changed")
            throw ExitCode(1)
        }
    }
}
