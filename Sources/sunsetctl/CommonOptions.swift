import ArgumentParser
import Assembly
import Foundation
import JobQueue
import Logging
import RedisClient
import Settings

/// What every command takes, and how it reaches the installation.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print JSON for programs instead of a table for people.") var json = false
    @Option(help: "The file of settings.") var config: String?
    @Argument(parsing: .allUnrecognized, help: "Settings, as --key value.") var settings: [String] = []

    /// Opens the installation, runs `body`, and turns failures into a line on standard error and an exit status.
    func withInstallation(_ body: (Installation) async throws -> Void) async throws {
        do {
            let settings = try Settings(file: config, flags: settings)
            var logger = Logger(label: "sunsetctl") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .error
            let installation = try await Installation.open(settings, role: "sunsetctl", logger: logger)
            do {
                try await body(installation)
            } catch {
                await installation.redis.close()
                throw error
            }
            await installation.redis.close()
        } catch let code as ExitCode {
            throw code
        } catch let error as SettingsError {
            Self.complain("\(error)")
            throw ExitCode(64)
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
}
