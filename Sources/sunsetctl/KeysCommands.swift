import ArgumentParser
import Assembly
import Foundation
import Marketplace
import ObjectStore
import Settings

struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The keys that sign upload URLs and download links, the newest last.",
        discussion: "The newest key signs. A retired one verifies until the last thing that it signed has expired.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withSettings { settings in
            let listing = KeyListing(file: settings.keysFile, keys: try common.openKeys(settings).keys, now: Date())
            guard !common.json else { return try common.printJSON(listing) }
            listing.write()
        }
    }
}

struct KeysRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Makes a new signing key, which signs from now on.",
        discussion: """
            What the old keys signed stays valid until it expires; a key is dropped by a later rotation, when nothing that it \
            signed is valid any more. Running processes take the new key within a second. Run it on the host that has the \
            file, as its owner or as root.
            """)
    @Flag(help: "Void everything that was signed until now: the old keys have become known.") var dropOld = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withSettings { settings in
            let ring = try common.openKeys(settings)
            if dropOld {
                try consent.ask(
                    "Drop \(ring.kids.count) keys? Every upload URL and download link that is out now becomes void.")
            }
            let validity = Installation.marketplaceConfiguration(settings).longestSignatureLifetime
            try ring.rotate(validity: validity, dropsOld: dropOld)
            let listing = KeyListing(file: settings.keysFile, keys: ring.keys, now: Date())
            guard !common.json else { return try common.printJSON(listing) }
            print("\(ring.kids.last ?? "") signs from now on")
            listing.write()
        }
    }
}

extension CommonOptions {
    /// The installation's key ring; only a program that serves makes one where there is none.
    func openKeys(_ settings: Settings) throws -> KeyRing {
        guard FileManager.default.fileExists(atPath: settings.keysFile) else {
            throw Self.refuse(
                "there are no keys at \(settings.keysFile); the first start of sunset-api makes them (keys.file)")
        }
        return try KeyRing(file: settings.keysFile)
    }
}

/// The keys as they are shown; never their secrets.
private struct KeyListing: Encodable {
    struct Key: Encodable {
        let kid: String
        let purposes: [String]
        /// `current`, `retired`, or `expired`: dropped by the next rotation.
        let state: String
        let createdAt: Int64?
        let retiredAt: Int64?
        let verifiesUntil: Int64?
    }

    let file: String
    let keys: [Key]

    init(file: String, keys: [SigningKey], now: Date) {
        func milliseconds(_ date: Date?) -> Int64? { date.map { Int64($0.timeIntervalSince1970 * 1000) } }
        self.file = file
        self.keys = keys.enumerated().map { index, key in
            let isCurrent = index == keys.count - 1
            return Key(
                kid: key.kid, purposes: ["url", "download"],
                state: isCurrent ? "current" : key.isNeeded(at: now) ? "retired" : "expired",
                createdAt: milliseconds(key.createdAt), retiredAt: milliseconds(key.retiredAt),
                verifiesUntil: isCurrent ? nil : milliseconds(key.verifiesUntil))
        }
    }

    func write() {
        var table = Table(["KEY", "SIGNS", "STATE", "CREATED", "RETIRED", "VERIFIES UNTIL"])
        for key in keys {
            table.add([
                key.kid, "upload URLs, download links", key.state, Show.time(key.createdAt), Show.time(key.retiredAt),
                Show.time(key.verifiesUntil),
            ])
        }
        table.write()
    }
}
