import CArgon2
import NIOPosix
import Synchronization

/// Argon2id (RFC 9106) on threads of its own.
///
/// A hash takes tens of milliseconds and 19 MiB, so it runs neither on an event loop nor on the cooperative pool, and
/// only so many may wait: a flood of sign-ins gets refusals, and everything else stays fast.
final class PasswordHasher: Sendable {
    let parameters: Argon2Parameters
    private let pool: NIOThreadPool
    private let backlog: Int
    private let waiting = Atomic<Int>(0)
    private let random: RandomSource

    /// The hash of a password that nobody has: what a sign-in to an unknown account is compared with, so that it takes
    /// as long as any other.
    private let decoy: String

    init(parameters: Argon2Parameters, threads: Int, backlog: Int, random: RandomSource) {
        self.parameters = parameters
        self.backlog = backlog
        self.random = random
        pool = NIOThreadPool(numberOfThreads: max(1, threads))
        pool.start()
        decoy = (try? Self.hash(random.token(), salt: random.bytes(16), parameters: parameters)) ?? ""
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// The encoded hash of a password: algorithm, parameters, salt and hash in one string.
    func hash(_ password: String) async throws -> String {
        let (parameters, salt) = (parameters, random.bytes(16))
        return try await onThread { try Self.hash(password, salt: salt, parameters: parameters) }
    }

    /// Whether the password is the one that was hashed; without a hash it does the work all the same and says no.
    func verify(_ password: String, against encoded: String?) async throws -> Bool {
        let reference = encoded ?? decoy
        let matches = try await onThread {
            var bytes = Array(password.utf8)
            defer { Self.wipe(&bytes) }
            return argon2id_verify(reference, bytes, bytes.count) == ARGON2_OK.rawValue
        }
        return matches && encoded != nil
    }

    /// Whether the hash was made with other parameters than today's.
    func isOutdated(_ encoded: String) -> Bool {
        !encoded.hasPrefix(
            "$argon2id$v=19$m=\(parameters.memoryKiB),t=\(parameters.iterations),p=\(parameters.parallelism)$")
    }

    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        guard waiting.add(1, ordering: .relaxed).newValue <= backlog else {
            waiting.subtract(1, ordering: .relaxed)
            throw MarketplaceError.unavailable(
                "busy", "Too many people are signing in at this moment. Try again.", retryAfter: .seconds(2))
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        return try await pool.runIfActive(work)
    }

    private static func hash(_ password: String, salt: [UInt8], parameters: Argon2Parameters) throws -> String {
        let length = argon2_encodedlen(
            parameters.iterations, parameters.memoryKiB, parameters.parallelism, UInt32(salt.count), 32, Argon2_id)
        var bytes = Array(password.utf8)
        defer { wipe(&bytes) }
        var encoded = [CChar](repeating: 0, count: length)
        let status = argon2id_hash_encoded(
            parameters.iterations, parameters.memoryKiB, parameters.parallelism, bytes, bytes.count, salt, salt.count,
            32, &encoded, length)
        guard status == ARGON2_OK.rawValue else {
            throw PasswordHashError(message: String(cString: argon2_error_message(status)))
        }
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func wipe(_ bytes: inout [UInt8]) {
        for index in bytes.indices { bytes[index] = 0 }
    }
}

/// libargon2 could not hash: out of memory, or parameters that it does not take.
struct PasswordHashError: Error, CustomStringConvertible {
    var message: String

    var description: String { "argon2id: \(message)" }
}
