/// What a scrub found wrong, and what became of it.
public struct ScrubFinding: Codable, Sendable, Equatable {
    /// What is wrong.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The bytes are not those that were stored: their hash is another.
        case rotten
        /// The file has another size than was stored.
        case wrongSize = "wrong_size"
        /// A row names a file that is not there.
        case missing
        /// The disk would not read the file.
        case unreadable
        /// A content file that no row names; it costs space alone.
        case orphan
        /// Something in `content/` that no store put there.
        case foreign
        /// The index contradicts itself.
        case index
    }

    /// What was done about it.
    public enum Action: String, Codable, Sendable {
        /// Nothing.
        case none
        /// The file was removed.
        case removed
        /// The file was moved to `quarantine/`.
        case quarantined
    }

    /// What is wrong.
    public var kind: Kind
    /// The file, below the store's folder; nil for what is wrong in the index alone.
    public var file: String?
    /// The file's bytes, where there is one.
    public var bytes: Int64?
    /// What was seen, for people.
    public var detail: String
    /// The objects (`bucket/key`) whose bytes these are; the first ten.
    public var objects: [String] = []
    /// How many objects there are of it.
    public var objectCount: Int64 = 0
    /// The upload and part (`id/number`) whose bytes these are.
    public var part: String?
    /// What was done about it.
    public var action: Action = .none

    init(_ kind: Kind, file: String?, bytes: Int64? = nil, _ detail: String) {
        self.kind = kind
        self.file = file
        self.bytes = bytes
        self.detail = detail
    }
}

/// What a scrub has looked at and found.
public struct ScrubReport: Codable, Sendable, Equatable {
    /// When it began, in Unix milliseconds.
    public var startedAt: Int64
    /// When it ended, in Unix milliseconds; nil while it is not done.
    public var endedAt: Int64?
    /// Whether it removes orphans and quarantines what is rotten.
    public var repairs: Bool
    /// Content files of objects whose bytes were compared.
    public var contents: Int64 = 0
    /// Content files of uploads' parts whose bytes were compared.
    public var parts: Int64 = 0
    /// Bytes that were read and hashed.
    public var bytes: Int64 = 0
    /// Files in `content/` that were looked up in the index.
    public var files: Int64 = 0
    /// How many findings there are of each kind (``ScrubFinding/Kind``).
    public var counts: [String: Int64] = [:]
    /// How many files were removed and how many quarantined (``ScrubFinding/Action``).
    public var actions: [String: Int64] = [:]
    /// Bytes of the orphans that were removed.
    public var bytesRemoved: Int64 = 0
    /// Set where so many files have no row that the index is the suspect: then no orphan is removed.
    public var keepsOrphans = false
    /// The first hundred findings.
    public var findings: [ScrubFinding] = []

    /// The findings that a report keeps; all are counted.
    static let kept = 100

    init(startedAt: Int64, repairs: Bool) {
        self.startedAt = startedAt
        self.repairs = repairs
    }

    /// Findings of any kind, orphans that were removed left out.
    public var problems: Int64 {
        counts.values.reduce(0, +) - actions[ScrubFinding.Action.removed.rawValue, default: 0]
    }

    /// Whether nothing is wrong, or nothing any more.
    public var isClean: Bool { problems == 0 }

    mutating func add(_ finding: ScrubFinding) {
        counts[finding.kind.rawValue, default: 0] += 1
        if finding.action != .none {
            actions[finding.action.rawValue, default: 0] += 1
        }
        if finding.action == .removed {
            bytesRemoved += finding.bytes ?? 0
        }
        if findings.count < Self.kept {
            findings.append(finding)
        }
    }
}

/// How a scrub goes about it.
public struct ScrubOptions: Sendable {
    /// Removes orphans, and moves what is rotten or has another size to `quarantine/`; else nothing is changed.
    public var repairs: Bool
    /// Bytes a second that are read at most; nil for as many as the disk gives.
    public var bytesPerSecond: Int64?
    /// Goes on with a scrub that was cut, where there is one, instead of beginning anew.
    public var resumes: Bool
    /// Returns between two files once this time is over, with a report that has no end; to be resumed.
    public var turn: Duration?

    /// Options for a scrub; the default changes nothing and reads as fast as it can.
    public init(
        repairs: Bool = false,
        bytesPerSecond: Int64? = nil,
        resumes: Bool = false,
        turn: Duration? = nil
    ) {
        self.repairs = repairs
        self.bytesPerSecond = bytesPerSecond
        self.resumes = resumes
        self.turn = turn
    }
}

/// How far a scrub is, in bytes of content.
public struct ScrubProgress: Sendable {
    /// Bytes compared.
    public var bytes: Int64
    /// Bytes that there are to compare, as the index says.
    public var totalBytes: Int64
}
