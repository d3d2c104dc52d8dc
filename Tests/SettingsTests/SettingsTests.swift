import Foundation
import Testing

@testable import Settings

@Suite("Settings")
struct SettingsTests {
    private func file(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "settings-\(UUID().uuidString).yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func problems(_ make: () throws -> Settings) -> [String] {
        do {
            _ = try make()
            return []
        } catch let error as SettingsError {
            return error.problems
        } catch {
            return ["\(error)"]
        }
    }

    @Test("the shipped Config/sunset.yaml names every setting with its default")
    func shippedFileIsComplete() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shipped = try String(contentsOf: root.appending(path: "Config/sunset.yaml"), encoding: .utf8)
        let path = root.appending(path: "Config/sunset.yaml").path
        let fromFile = try SettingValues(file: path, flags: [], environment: [:])
        for definition in SettingDefinition.all {
            #expect(fromFile.text(definition.key) == definition.standard, "\(definition.key)")
            let name = definition.key.split(separator: ".").last.map(String.init) ?? ""
            #expect(shipped.contains("\(name):"), "\(definition.key) is missing")
        }
        let settingLines = shipped.split(separator: "\n").filter { $0.contains(": ") && !$0.hasPrefix("#") }
        #expect(settingLines.count == SettingDefinition.all.count)
    }

    @Test("flags win over the environment, which wins over the file")
    func precedence() throws {
        let yaml = try file("api:\n  port: 1001\n  host: 10.0.0.1\nnamespace: fromfile\n")
        let settings = try Settings(
            file: yaml, flags: ["--api-port", "1003"],
            environment: ["SUNSET_API_PORT": "1002", "SUNSET_NAMESPACE": "fromenv"])
        #expect(settings.api.port == 1003)
        #expect(settings.namespace == "fromenv")
        #expect(settings.api.host == "10.0.0.1")
    }

    @Test("Sentinels are read from a list, and one without a port is refused")
    func sentinels() throws {
        let flags = ["--redis-sentinels", "10.0.0.1:26379,[::1]:26380", "--redis-replicas=1"]
        let settings = try Settings(file: nil, flags: flags, environment: [:])
        #expect(settings.redis.sentinels == [.init(host: "10.0.0.1", port: 26_379), .init(host: "::1", port: 26_380)])
        #expect(settings.redis.sentinelMaster == "sunset")
        #expect(settings.redis.replicas == 1)
        let found = problems { try Settings(file: nil, flags: ["--redis-sentinels=10.0.0.1"], environment: [:]) }
        #expect(found.first?.contains("host:port") == true)
        #expect(try Settings(file: nil, flags: [], environment: [:]).redis.sentinels.isEmpty)
    }

    @Test("a bad value names the key, the value and what is allowed")
    func badValue() throws {
        let found = problems { try Settings(file: nil, flags: ["--api-port=http"], environment: [:]) }
        #expect(found == ["api.port: 'http' is not allowed; it must be a whole number from 0 to 65535"])
        let yaml = try file("log:\n  level: loud\n")
        #expect(
            problems { try Settings(file: yaml, flags: [], environment: [:]) }.first?.contains("one of trace, debug")
                == true)
    }

    @Test("unknown keys, flags and variables are named, not ignored")
    func unknown() throws {
        let yaml = try file("api:\n  prot: 80\n")
        let found = problems {
            try Settings(file: yaml, flags: ["--no-such", "1"], environment: ["SUNSET_API_PROT": "1"])
        }
        #expect(found.count >= 3)
        #expect(found.contains { $0.contains("api.prot") && $0.contains("line 2") })
        #expect(found.contains { $0.contains("--no-such") })
        #expect(found.contains { $0.contains("SUNSET_API_PROT") })
    }

    @Test("an unknown name comes with the nearest known one")
    func nearest() throws {
        let yaml = try file("redis:\n  pasword_file: x\nport: 80\nnothing_like_it: 1\n")
        let found = problems {
            try Settings(file: yaml, flags: ["--api-prot", "1"], environment: ["SUNSET_API_PRT": "1"])
        }
        #expect(found.contains { $0.hasPrefix("redis.pasword_file: ") && $0.contains("mean redis.password_file?") })
        #expect(found.contains { $0.hasPrefix("port: ") && $0.contains("api.port or payments.stub.port or redis") })
        #expect(found.contains { $0.hasPrefix("nothing_like_it: ") && !$0.contains("did you mean") })
        #expect(found.contains { $0.contains("did you mean --api-port?") })
        #expect(found.contains { $0.contains("did you mean SUNSET_API_PORT?") })
        #expect(Nearest.distance("abcd", "abdc") == 1)
        #expect(Nearest.distance("", "abc") == 3)
        #expect(Nearest.distance("kitten", "sitting") == 3)
    }

    @Test("a section whose lines are all comments is an empty one")
    func emptySection() throws {
        let yaml = try file("api:\n  # port: 80\nlog:\n  level: debug\n")
        #expect(try Settings(file: yaml, flags: [], environment: [:]).logLevel == "debug")
    }

    @Test("a check tells of each value where it came from, and what is wrong with it, and where")
    func check() throws {
        let yaml = try file("api:\n  host: ::1\n  port: 1001\nlog:\n  level: loud\n")
        let check = SettingsCheck(file: yaml, flags: ["--api-port=1003"], environment: ["SUNSET_NAMESPACE": "n"])
        func value(_ key: String) -> SettingsCheck.Value? { check.values.first { $0.definition.key == key } }
        #expect(check.values.count == SettingDefinition.all.count)
        #expect(value("api.host")?.source == .file(yaml, line: 2))
        #expect(value("api.port")?.text == "1003" && value("api.port")?.source == .flag)
        #expect(value("namespace")?.text == "n" && value("namespace")?.source == .environment)
        #expect(value("redis.port")?.source == .standard)
        #expect(check.settings == nil)
        #expect(check.problems.count == 1)
        #expect(check.problems.first?.hasSuffix("(\(yaml), line 5)") == true)
        #expect(SettingsCheck(file: nil, flags: [], environment: ["SUNSET_CONFIG": "/no/such"]).problems.count == 1)
    }

    @Test("the S3 protocol is off until it has an address")
    func s3() throws {
        #expect(try Settings(file: nil, flags: [], environment: [:]).s3 == nil)
        let settings = try Settings(
            file: nil, flags: ["--store-address", "[::1]:9000", "--data", "/srv/x"], environment: [:])
        #expect(settings.s3?.address.host == "::1" && settings.s3?.address.port == 9000)
        #expect(settings.s3?.accessKeys == "/srv/x/secrets/s3-keys")
        let found = problems { try Settings(file: nil, flags: ["--store-address", "9000"], environment: [:]) }
        #expect(found.first?.contains("host:port") == true)
    }

    @Test("relative paths start at the data folder")
    func paths() throws {
        let settings = try Settings(file: try file("data: /srv/x\n"), flags: [], environment: [:])
        #expect(settings.redis.socket == "/srv/x/redis/redis.sock")
        #expect(settings.storeDirectory == "/srv/x/store")
    }

    @Test("a secret file is made once, private, and read back")
    func secretFile() throws {
        let path = NSTemporaryDirectory() + "secret-\(UUID().uuidString)/a/key"
        let made = try SecretFile.readOrCreate(path)
        #expect(made.count == 64)
        #expect(try SecretFile.readOrCreate(path) == made)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }
}
