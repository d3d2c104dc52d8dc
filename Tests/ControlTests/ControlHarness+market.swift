import Foundation
import JobQueue
import Marketplace
import ObjectStore
import Payments
import TestSupport
import Testing

extension ControlHarness {
    /// The installation's marketplace, on the data folder that ``ctl(_:)`` names.
    func market() async throws -> Marketplace {
        var configuration = MarketplaceConfiguration()
        configuration.requiresPersistence = false
        configuration.passwordHashing = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
        try FileManager.default.createDirectory(
            atPath: folder.file("keys"), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let market = Marketplace(
            redis: client, queue: queue,
            objects: try await DirectoryStore(directory: folder.file("store"), logger: .quiet),
            payments: HTTPPaymentProvider(
                HTTPPaymentProviderConfiguration(
                    baseURL: "http://127.0.0.1:9", secretKey: "none", webhookSecrets: ["none"]),
                logger: .quiet),
            keyRing: try KeyRing(file: folder.file("keys/signing.json")), configuration: configuration, logger: .quiet)
        try await market.start()
        return market
    }

    /// A confirmed account; the code is taken out of the mail that waits.
    func account(_ address: String, in market: Marketplace, groups: [UserGroup] = [.buyer]) async throws -> User {
        try await market.accounts.signUp(
            email: address, password: "correct horse", name: "Somebody", groups: groups)
        for job in try await inspector.jobs(queue: SendMail.queue, state: .waiting, limit: 100).jobs {
            let record = try #require(try await inspector.job(id: job.id))
            let mail = try JSONDecoder().decode(SendMail.self, from: Data((record.payload ?? "").utf8))
            guard mail.to == address, case .confirmCode(let code, _) = mail.template else { continue }
            return try await market.accounts.confirm(email: address, code: code)
        }
        throw TestSupportError("no code was mailed to \(address)")
    }
}
