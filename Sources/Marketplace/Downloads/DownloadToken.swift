import Foundation
import ObjectStore

/// What a download link carries: `v1.kid.payload.hmac`.
///
/// The payload is 58 bytes in base64url: grant, entitlement and file (16 bytes each), the entitlement's epoch (4) and the
/// expiry in ms (6). The code is HMAC-SHA-256 by the key ring. Whoever changes a bit is refused before anything is read.
struct DownloadToken: Equatable {
    static let purpose = "download"
    static let payloadBytes = 58

    var grant: String
    var entitlement: String
    var file: String
    var epoch: UInt32
    var expiresAt: Timestamp

    /// Signs the token; nil if one of the identifiers is none.
    func signed(by ring: KeyRing) -> String? {
        guard let grant = CompactIdentifier.bytes(grant, .grant),
            let entitlement = CompactIdentifier.bytes(entitlement, .entitlement),
            let file = CompactIdentifier.bytes(file, .upload)
        else { return nil }
        var bytes = grant + entitlement + file
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: epoch >> UInt32(8 * (3 - $0))) }
        bytes += (0..<6).map { UInt8(truncatingIfNeeded: expiresAt.milliseconds >> Int64(8 * (5 - $0))) }
        let payload = Data(bytes).base64URL
        let signature = ring.signature(for: Self.message(payload), purpose: Self.purpose)
        return "v1.\(signature.kid).\(payload).\(Data(signature.code).base64URL)"
    }

    /// Reads a token that the ring signed.
    ///
    /// - Throws: ``MarketplaceError`` `token_forged` for anything else, whatever is wrong with it.
    init(_ text: String, ring: KeyRing) async throws {
        let forged = MarketplaceError.forbidden("token_forged", "This is not a download link that was issued here.")
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.count <= 256, parts.count == 4, parts[0] == "v1",
            let bytes = Self.canonical(parts[2]), bytes.count == Self.payloadBytes,
            let code = Self.canonical(parts[3]), code.count == 32,
            await ring.verify(
                KeySignature(kid: parts[1], code: code), for: Self.message(parts[2]), purpose: Self.purpose)
        else { throw forged }
        grant = CompactIdentifier.text(bytes[0..<16], .grant)
        entitlement = CompactIdentifier.text(bytes[16..<32], .entitlement)
        file = CompactIdentifier.text(bytes[32..<48], .upload)
        epoch = bytes[48..<52].reduce(0) { $0 << 8 | UInt32($1) }
        expiresAt = Timestamp(milliseconds: bytes[52..<58].reduce(0) { $0 << 8 | Int64($1) })
    }

    init(grant: String, entitlement: String, file: String, epoch: UInt32, expiresAt: Timestamp) {
        self.grant = grant
        self.entitlement = entitlement
        self.file = file
        self.epoch = epoch
        self.expiresAt = expiresAt
    }

    private static func message(_ payload: String) -> [UInt8] { Array("v1.\(payload)".utf8) }

    /// The bytes of base64url in the one form that encodes them: unused bits that are set would make two texts of a token.
    private static func canonical(_ text: String) -> [UInt8]? {
        guard let data = Data(base64URL: text), data.base64URL == text else { return nil }
        return Array(data)
    }
}
