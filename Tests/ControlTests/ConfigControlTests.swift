import Foundation
import TestSupport
import Testing

@Suite("sunsetctl: config check")
struct ConfigControlTests {
    private func findings(_ said: Said, _ level: String) throws -> [[String: Any]] {
        let all = try #require(try said.object()["findings"] as? [[String: Any]])
        return all.filter { $0["level"] as? String == level }
    }

    @Test("everything that is wrong is said at once, with the nearest known name and the place")
    func wrong() async throws {
        try await ControlHarness.run { harness in
            let file = harness.folder.file("sunset.yaml")
            let text = """
                redis:
                api:
                  prot: 80
                  metrics_port: 70000
                workers:
                  mial:
                    min: 2
                port: 1
                tags: [a]
                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let said = try await harness.ctl("config", "check", "--config", file, "--json")
            #expect(said.status == 1)
            let failed = try findings(said, "failed")
            let says = failed.compactMap { finding -> String? in
                guard let subject = finding["subject"] as? String, let says = finding["says"] as? String else {
                    return nil
                }
                return "\(subject): \(says)"
            }
            #expect(
                says == [
                    "api.prot: there is no such setting (did you mean api.port?) (\(file), line 3)",
                    "workers.mial.min: there is no such setting (did you mean workers.mail.min?) (\(file), line 7)",
                    "port: there is no such setting (did you mean api.port or payments.stub.port or redis.port?) "
                        + "(\(file), line 8)",
                    "tags: a list or alias is not allowed here (\(file), line 9)",
                    "api.metrics_port: '70000' is not allowed; it must be a whole number from 0 to 65535 "
                        + "(\(file), line 4)",
                ])
            let people = try await harness.ctl("config", "check", "--config", file)
            #expect(people.output.contains("0 ok, 0 warnings, 5 failed"))
            let missing = try await harness.ctl("config", "check", "--config", "nowhere.yaml")
            #expect(missing.status == 1 && missing.output.contains("nowhere.yaml: there is no such file"))
            try "a: b: c".write(toFile: file, atomically: true, encoding: .utf8)
            let nonsense = try await harness.ctl("config", "check", "--config", file)
            #expect(nonsense.status == 1 && nonsense.output.contains("this is no YAML"))
        }
    }

    @Test("the settings in force are shown with where each came from, and no secret")
    func effective() async throws {
        try await ControlHarness.run { harness in
            _ = try await harness.market()
            let file = harness.folder.file("sunset.yaml")
            try "log:\n  level: debug\n".write(toFile: file, atomically: true, encoding: .utf8)
            let secrets = harness.folder.file("secrets")
            try FileManager.default.createDirectory(atPath: secrets, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(
                atPath: secrets + "/payments-key", contents: Data("sk_hidden\n".utf8),
                attributes: [.posixPermissions: 0o600])
            let said = try await harness.ctl(
                ["config", "check", "--effective", "--config", file, "--json"],
                environment: ["SUNSET_API_PORT=8999"])
            let values = try #require(try said.object()["settings"] as? [[String: Any]])
            func value(_ key: String) -> [String?] {
                let found = values.first { $0["key"] as? String == key }
                return ["value", "source", "from"].map { found?[$0] as? String }
            }
            #expect(value("log.level") == ["debug", "file", file + ":2"])
            #expect(value("api.port") == ["8999", "environment", "SUNSET_API_PORT"])
            #expect(value("redis.allow_volatile") == ["true", "flag", "--redis-allow-volatile"])
            #expect(value("redis.port") == ["6379", "default", "default"])
            #expect(value("payments.secret_key_file")[0] == "secrets/payments-key")
            #expect(!said.output.contains("sk_hidden"))
            // A volatile Redis is allowed here: that is a warning, and no failure.
            #expect(said.status == 2)
            #expect(try findings(said, "failed").isEmpty)
            #expect(try findings(said, "warning").map { $0["subject"] as? String } == ["redis.allow_volatile"])
        }
    }

    @Test("the access keys of the S3 protocol are looked at where it is served: who may read them, and each line")
    func accessKeys() async throws {
        try await ControlHarness.run { harness in
            let file = harness.folder.file("access-keys")
            func check(_ text: String?, mode: Int = 0o600, _ command: [String] = ["config", "check"]) async throws
                -> String
            {
                if let text {
                    _ = FileManager.default.createFile(
                        atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
                }
                let said = try await harness.ctl(
                    command + ["--json", "--store-address", "127.0.0.1:9000", "--store-access-keys", file])
                let all = try #require(try said.object()["findings"] as? [[String: Any]])
                let found = try #require(all.first { $0["subject"] as? String == "store.access_keys" })
                return "\(found["level"] ?? ""): \(found["says"] ?? "")"
            }
            let good = "# keys\nAKONE 0123456789abcdef rw goods/a\n"
            #expect(try await check(nil) == "ok: \(file) is made at the first start")
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(try await check(good) == "ok: \(file) is private and holds 1 keys")
            #expect(try await check(good, ["doctor"]) == "ok: \(file) is private and holds 1 keys")
            #expect(try await check(good, mode: 0o640).hasPrefix("failed: \(file) can be read by others"))
            let bad = try await check(good + "AKTWO short\n")
            #expect(bad.hasPrefix("failed: line 3 of the access keys must be") && !bad.contains("short"))
            let off = try await harness.ctl("config", "check", "--json", "--store-access-keys", file)
            #expect(!off.output.contains("store.access_keys"))
        }
    }

    @Test("what the programs would trip over at their start is found: secrets, folders, ports, times")
    func meanings() async throws {
        try await ControlHarness.run { harness in
            let open = harness.folder.file("open-key")
            _ = FileManager.default.createFile(
                atPath: open, contents: Data("s\n".utf8), attributes: [.posixPermissions: 0o644])
            let said = try await harness.ctl(
                "config", "check", "--json", "--redis-password-file", harness.folder.file("none"),
                "--payments-webhook-secret-file", open, "--payments-url", "https://pay.example.org",
                "--payments-secret-key-file", harness.folder.file("no-key"), "--api-metrics-port", "8080",
                "--maintenance-ledger-check", "every day", "--store-directory", open)
            #expect(said.status == 1)
            let failed = try findings(said, "failed").compactMap { $0["subject"] as? String }
            #expect(
                failed == [
                    "maintenance.ledger_check", "api.metrics_port", "payments.secret_key_file", "redis.password_file",
                    "store.directory",
                ])
            let warned = try findings(said, "warning").compactMap { $0["subject"] as? String }
            #expect(warned == ["redis.allow_volatile", "payments.webhook_secret_file"])
        }
    }
}
