import ArgumentParser
import Assembly
import Clamd
import Foundation
import JobQueue
import Marketplace
import Payments
import RedisClient
import Settings

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks for what is wrong with the installation, and says what to do.",
        discussion: """
            Settings, Redis (settings, persistence, memory, clock, replication), disk and permissions, layouts, queues, \
            workers, pools, periodic jobs, payments, mail. It changes nothing but what every start of a \
            program does to the store, and its work does not grow with the queues. \
            Ends with 0 if all is well, with 2 after warnings alone, with 1 if anything failed.
            """)
    @Flag(help: "Show only what is not ok.") var problems = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.complaining {
            let check = common.settingsCheck
            var findings = Findings()
            SettingsFindings.look(at: check, &findings)
            if let settings = check.settings {
                await DoctorFiles.look(at: settings, &findings)
                await lookAtRedis(settings, &findings)
                await lookAtPayments(settings.payments, &findings)
                await lookAtScanner(settings, &findings)
            }
            if common.json {
                try common.printJSON(Report(level: findings.worst, findings: findings.all))
            } else {
                findings.write(onlyProblems: problems)
            }
            try findings.end()
        }
    }

    private struct Report: Encodable {
        let level: FindingLevel
        let findings: [Finding]
    }

    private func lookAtScanner(_ settings: Settings, _ findings: inout Findings) async {
        guard let address = settings.ingestScanner.flatMap(ScannerAddress.init) else {
            return findings.ok("scanner", "none is configured: uploads are recorded as unscanned")
        }
        do {
            findings.ok("scanner", "\(address) is \(try await MalwareScanner(address: address).version())")
        } catch {
            findings.fail("scanner", "\(error)", "start clamd, or mend ingest.scanner: uploads wait until it answers")
        }
    }

    private func lookAtRedis(_ settings: Settings, _ findings: inout Findings) async {
        do {
            let (redis, queue) = try Installation.openQueue(settings, role: "sunsetctl", logger: CommonOptions.logger)
            await lookAtRedis(redis, queue, settings, &findings)
            await redis.close()
        } catch {
            findings.fail("redis", "can't be asked: \(error)", "mend the settings redis.…")
        }
    }

    private func lookAtRedis(
        _ redis: RedisClient, _ queue: JobQueue, _ settings: Settings, _ findings: inout Findings
    ) async {
        do {
            DoctorRedis(facts: try await RedisFacts(asking: redis), settings: settings).look(&findings)
        } catch {
            return findings.fail(
                "redis", "does not answer: \(error)", "start it, or mend redis.socket, redis.host, redis.password_file")
        }
        do {
            let inspector = QueueInspector(queue: queue)
            try await layouts(redis, inspector, settings, &findings)
            try await DoctorQueues(settings: settings, inspector: inspector, queue: queue).look(&findings)
        } catch {
            findings.fail(
                "queue", "can't be looked at: \(error)", "run the release that the installation was made with")
        }
    }

    /// Whether this release knows what is in Redis.
    private func layouts(
        _ redis: RedisClient, _ inspector: QueueInspector, _ settings: Settings, _ findings: inout Findings
    ) async throws {
        let queues = try await inspector.layout()
        let (found, expected) = try await Marketplace.schema(in: redis, namespace: Namespace(settings.namespace))
        for (name, found, known) in [("queues", queues.found, queues.known), ("marketplace", found, expected)] {
            guard let found else {
                findings.ok("schema", name, "nothing was started in namespace \(settings.namespace) yet")
                continue
            }
            if found == known {
                findings.ok("schema", name, "layout \(found), as this release has it")
            } else if Int(found) ?? .max > Int(known) ?? 0 {
                findings.fail(
                    "schema", name, "layout \(found) is newer than this release, which knows \(known)",
                    "use the sunsetctl of the release that runs")
            } else {
                findings.fail(
                    "schema", name, "layout \(found) is older than this release, which knows \(known)",
                    "start a worker of this release: it migrates")
            }
        }
        if queues.isMigrating {
            findings.warn(
                "schema", "queues", "a migration was begun and did not end", "start a worker: it goes on with it")
        }
    }

    /// Asks for an intent that there is not: an answer shows that the provider is there and takes our key.
    private func lookAtPayments(_ settings: Settings.Payments, _ findings: inout Findings) async {
        // What is missing was reported with the settings.
        guard let key = (try? SecretFile.read(settings.secretKeyFile))?.first else {
            return findings.warn(
                "payments", "not asked: there is no secret key yet", "start sunset-payments or sunset-api once")
        }
        let provider = HTTPPaymentProvider(
            HTTPPaymentProviderConfiguration(
                baseURL: settings.url, secretKey: key, webhookSecrets: [], requestTimeout: .seconds(3),
                maximumAttempts: 1),
            logger: CommonOptions.logger)
        do {
            _ = try await provider.retrieve(intent: "pi_doctor")
            findings.ok("payments", "\(settings.url) answers and takes our key")
        } catch {
            switch error.code {
            case .notFound: findings.ok("payments", "\(settings.url) answers and takes our key")
            case .authentication:
                findings.fail(
                    "payments", "\(settings.url) does not take our secret key",
                    "write the right one into \(settings.secretKeyFile)")
            default:
                findings.fail(
                    "payments", "\(settings.url) does not answer: \(error.message)",
                    "charges are retried until it does; look at the provider, or at payments.url")
            }
        }
    }
}
