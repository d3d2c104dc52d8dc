internal import Foundation
internal import Ingest

/// Ends media probes whose worker was killed: nobody waits for them, and each may take a core for a minute.
///
/// Found by the mark in their environment, which whatever they start inherits. `PR_SET_PDEATHSIG` would not do: it
/// fires when the *thread* that started them ends, and a worker's threads come and go.
enum ProbeSweep {
    /// Kills the probes of this user whose worker does not live any more; returns how many.
    ///
    /// - Parameter includingOwn: those of this process as well, which is about to end.
    @discardableResult
    static func run(includingOwn: Bool = false) -> Int {
        let mark = Data("\(ProbeMark.variable)=".utf8)
        let listed = try? FileManager.default.contentsOfDirectory(atPath: "/proc")  // no /proc: nothing is found
        var killed = 0
        for pid in (listed ?? []).compactMap({ Int32($0) }) {
            // Another user's can't be read, one that has ended has none.
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                let entry = environment.split(separator: 0).first(where: { $0.starts(with: mark) }),
                let worker = Int32(String(decoding: entry.dropFirst(mark.count), as: UTF8.self)),
                includingOwn && worker == getpid() || kill(worker, 0) != 0 && errno == ESRCH
            else { continue }
            if kill(pid, SIGKILL) == 0 { killed += 1 }
        }
        return killed
    }
}
