import ArgumentParser

/// How bad a finding is.
enum FindingLevel: String, Encodable, Comparable {
    case ok, warning, failed

    private var rank: Int {
        switch self {
        case .ok: 0
        case .warning: 1
        case .failed: 2
        }
    }

    static func < (left: FindingLevel, right: FindingLevel) -> Bool { left.rank < right.rank }
}

/// What a check saw: what it means, and what to do about it.
struct Finding: Encodable {
    /// The check's stable name: `redis.persistence`.
    let check: String
    let level: FindingLevel
    /// What was looked at, where a check looks at several: a queue, a file, a setting.
    let subject: String?
    let says: String
    let advice: String?
}

/// The findings of one run, in the order of the checks.
struct Findings {
    private(set) var all: [Finding] = []

    mutating func ok(_ check: String, _ says: String) { add(check, .ok, nil, says, nil) }

    mutating func ok(_ check: String, _ subject: String?, _ says: String) { add(check, .ok, subject, says, nil) }

    mutating func warn(_ check: String, _ says: String, _ advice: String) { add(check, .warning, nil, says, advice) }

    mutating func warn(_ check: String, _ subject: String?, _ says: String, _ advice: String) {
        add(check, .warning, subject, says, advice)
    }

    mutating func fail(_ check: String, _ says: String, _ advice: String) { add(check, .failed, nil, says, advice) }

    mutating func fail(_ check: String, _ subject: String?, _ says: String, _ advice: String) {
        add(check, .failed, subject, says, advice)
    }

    private mutating func add(
        _ check: String, _ level: FindingLevel, _ subject: String?, _ says: String, _ advice: String?
    ) {
        all.append(Finding(check: check, level: level, subject: subject, says: says, advice: advice))
    }

    var worst: FindingLevel { all.map(\.level).max() ?? .ok }

    /// Ends the command with what is worst: 0 for ok, 2 for a warning, 1 for a failure.
    func end() throws {
        switch worst {
        case .ok: return
        case .warning: throw ExitCode(2)
        case .failed: throw ExitCode(1)
        }
    }

    /// The findings for people, and their sum.
    func write(onlyProblems: Bool) {
        let shown = all.filter { !onlyProblems || $0.level > .ok }
        let width = shown.map(\.check.count).max() ?? 0
        for finding in shown {
            let level = finding.level == .ok ? "ok     " : finding.level == .warning ? "WARNING" : "FAILED "
            let check = finding.check + String(repeating: " ", count: width - finding.check.count)
            print("\(level)  \(check)  \(finding.subject.map { $0 + ": " } ?? "")\(finding.says)")
            if let advice = finding.advice { print("         \(String(repeating: " ", count: width))  → \(advice)") }
        }
        func count(_ level: FindingLevel) -> Int { all.count { $0.level == level } }
        print("\(count(.ok)) ok, \(Show.count(count(.warning), "warning")), \(count(.failed)) failed")
    }
}
