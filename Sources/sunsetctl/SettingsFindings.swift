import Foundation
import JobQueue
import Settings

/// Whether the programs can start with a configuration.
enum SettingsFindings {
    static func look(at check: SettingsCheck, _ findings: inout Findings) {
        for problem in check.problems {
            let parts = problem.split(separator: ": ", maxSplits: 1).map(String.init)
            findings.fail(
                "settings", parts.count == 2 ? parts[0] : nil, parts.last ?? problem,
                "mend it there: no program starts with it")
        }
        guard let settings = check.settings else { return }
        let changed = check.values.count { $0.text != $0.definition.standard }
        findings.ok("settings", "\(check.values.count) settings can be read, \(changed) differ from their defaults")
        meanings(settings, &findings)
        ports(settings, &findings)
        secrets(settings, &findings)
        folders(settings, &findings)
    }

    private static func meanings(_ settings: Settings, _ findings: inout Findings) {
        do {
            _ = try Namespace(settings.namespace)
        } catch {
            findings.fail(
                "settings", "namespace", "'\(settings.namespace)' is not allowed",
                "use 1 to 64 letters, digits, '.', '_' or '-'")
        }
        for (key, text) in [
            ("maintenance.ledger_check", settings.ledgerCheck), ("maintenance.store_scrub", settings.storeScrub),
        ] where !text.isEmpty {
            do {
                _ = try CronExpression(text, timeZone: settings.maintenanceTimeZone)
            } catch let error as JobQueueError {
                findings.fail(
                    "settings", key, error.message,
                    "the maintenance worker does not start with it; mend it, or maintenance.time_zone")
            } catch {
                findings.fail("settings", key, "\(error)", "mend it")
            }
        }
        if settings.redis.allowVolatile {
            findings.warn(
                "settings", "redis.allow_volatile", "is true: a Redis that forgets acknowledged orders is accepted",
                "set it to false where orders matter")
        }
        for queue in settings.queues where queue.maximum == 0 {
            findings.warn(
                "settings", "workers.\(queue.name)", "min and max are 0: this host's pool runs nothing for it",
                "leave it so only if another host does")
        }
        let url = settings.api.publicURL
        let isLocal = ["127.0.0.1", "localhost", "[::1]"].contains { url.hasPrefix("http://\($0)") }
        if url.hasPrefix("http://"), !isLocal {
            findings.warn(
                "settings", "api.public_url", "\(url) is not encrypted: passwords and cookies can be read on the way",
                "put a proxy with TLS in front and name its https:// origin")
        }
    }

    private static func ports(_ settings: Settings, _ findings: inout Findings) {
        var taken: [Int: String] = [:]
        let ports: [(key: String, port: Int)] = [
            ("api.port", settings.api.port), ("api.metrics_port", settings.api.metricsPort ?? 0),
            ("payments.stub.port", settings.payments.stubPort),
            ("workers.metrics_port", settings.workerMetricsPort ?? 0),
        ]
        for (key, port) in ports where port != 0 {
            if let other = taken[port] {
                findings.fail("settings", key, "is \(port), and so is \(other)", "give each a port of its own")
            }
            taken[port] = key
        }
    }

    private static func secrets(_ settings: Settings, _ findings: inout Findings) {
        let stub = "\(settings.payments.stubHost):\(settings.payments.stubPort)"
        let isStub = settings.payments.url == "http://\(stub)"
        let files: [(key: String, path: String?, isMade: Bool)] = [
            ("payments.secret_key_file", settings.payments.secretKeyFile, isStub),
            ("payments.webhook_secret_file", settings.payments.webhookSecretFile, isStub),
            ("redis.password_file", settings.redis.passwordFile, false),
            ("redis.sentinel_password_file", settings.redis.sentinelPasswordFile, false),
        ]
        for file in files {
            guard let path = file.path else { continue }
            FileFindings.secret(file.key, path, isMade: file.isMade, &findings)
        }
        FileFindings.keyRing(settings.keysFile, &findings)
        if let s3 = settings.s3 { FileFindings.accessKeys(s3.accessKeys, &findings) }
    }

    private static func folders(_ settings: Settings, _ findings: inout Findings) {
        FileFindings.folder("data", settings.dataDirectory, &findings)
        FileFindings.folder("store.directory", settings.storeDirectory, &findings)
        FileFindings.folder("mail.directory", settings.mailDirectory, &findings)
        if let storefront = settings.api.storefront, access(storefront + "/index.html", R_OK) != 0 {
            findings.fail(
                "files.folder", "api.storefront", "\(storefront) has no index.html that can be read",
                "build it with scripts/build-storefront, or leave the setting empty")
        }
        if let socket = settings.redis.socket, settings.redis.sentinels.isEmpty, access(socket, F_OK) != 0 {
            findings.warn(
                "files.socket", "redis.socket", "there is no \(socket) now",
                "start Redis, or leave the setting empty and set redis.host and redis.port")
        }
    }
}
