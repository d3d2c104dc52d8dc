/// A category of the catalog.
///
/// The list is fixed per installation; products name one of them by its slug.
public struct Category: Sendable, Hashable {
    /// The name in URLs and records.
    public var slug: String
    /// The name for people.
    public var name: String

    /// Makes a category.
    public init(slug: String, name: String) {
        self.slug = slug
        self.name = name
    }
}

/// The cost of a password hash (RFC 9106 §4).
public struct Argon2Parameters: Sendable, Hashable {
    /// KiB of memory that one hash takes.
    public var memoryKiB: UInt32
    /// Passes over the memory.
    public var iterations: UInt32
    /// Lanes.
    public var parallelism: UInt32

    /// Makes parameters; the default is what OWASP's password storage sheet asks for at least: 19 MiB, 2 passes.
    public init(memoryKiB: UInt32 = 19_456, iterations: UInt32 = 2, parallelism: UInt32 = 1) {
        self.memoryKiB = memoryKiB
        self.iterations = iterations
        self.parallelism = parallelism
    }
}

/// The marketplace's settings, with defaults that suit an installation on one host.
public struct MarketplaceConfiguration: Sendable {
    /// The origin that people reach the installation at, without a trailing slash; links begin with it.
    public var publicURL = "http://127.0.0.1:8080"
    /// The currency of all prices (ISO 4217).
    public var currency = "USD"
    /// The categories, in the order in which they are listed.
    public var categories = [
        Category(slug: "ebooks", name: "E-books"),
        Category(slug: "audio", name: "Audio"),
        Category(slug: "graphics", name: "Graphics"),
        Category(slug: "fonts", name: "Fonts"),
        Category(slug: "software", name: "Software"),
        Category(slug: "video", name: "Video"),
        Category(slug: "archives", name: "Archives"),
        Category(slug: "other", name: "Other"),
    ]

    /// The largest product file in bytes.
    public var maximumFileBytes: Int64 = 20 << 30
    /// The largest cover picture in bytes.
    public var maximumCoverBytes: Int64 = 50 << 20
    /// The bytes that one seller's uploads may take, declared sizes of pending ones included.
    public var uploadQuotaBytes: Int64 = 200 << 30
    /// The number of uploads one seller may keep.
    public var maximumUploadsPerSeller = 10_000
    /// How long a presigned upload URL is good for.
    public var uploadURLLifetime: Duration = .seconds(6 * 3600)
    /// After which time an upload that was never completed is swept.
    public var abandonedUploadAge: Duration = .seconds(24 * 3600)

    /// How long a session lives after its last use.
    public var sessionLifetime: Duration = .seconds(14 * 86_400)
    /// How long a session lives at most, used or not.
    public var sessionMaximumLifetime: Duration = .seconds(90 * 86_400)
    /// Sessions of one user at most; the oldest makes room.
    public var sessionsPerUser = 100
    /// How long a mailed code is good for.
    public var codeLifetime: Duration = .seconds(15 * 60)
    /// Wrong codes after which a mailed code is void.
    public var codeTries = 5
    /// The shortest time between two codes to one address; a request in between sends none.
    public var codeInterval: Duration = .seconds(30)

    /// The cost of a password hash; hashes with other parameters are renewed at the next sign-in.
    public var passwordHashing = Argon2Parameters()
    /// Threads that hash passwords; each takes ``Argon2Parameters/memoryKiB`` while it works.
    public var passwordThreads = 2
    /// Password hashes that may wait for a thread; more are refused as unavailable.
    public var passwordBacklog = 256

    /// Whether a Redis that may forget acknowledged writes is refused at the start.
    public var requiresPersistence = true
    /// Settings of carts, orders, payments and downloads.
    public var commerce = CommerceConfiguration()

    /// The longest life of anything that the key ring signs: an old key must verify for as long.
    public var longestSignatureLifetime: Duration {
        max(uploadURLLifetime, commerce.maximumGrantLifetime, commerce.mailLinkLifetime)
    }

    /// The defaults.
    public init() {}
}
