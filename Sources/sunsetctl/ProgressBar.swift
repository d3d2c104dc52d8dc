import Foundation
import Synchronization

/// A bar on standard error, where that is a terminal; programs and files never see it.
final class ProgressBar: Sendable {
    private let isShown: Bool
    private let wasDrawn = Mutex(false)

    init(isShown: Bool) {
        self.isShown = isShown && isatty(STDERR_FILENO) == 1
    }

    func show(done: Int, of total: Int, _ note: String) {
        guard isShown else { return }
        wasDrawn.withLock { $0 = true }
        FileHandle.standardError.write(Data(("\r" + Self.line(done: done, of: total, note) + "\u{1B}[K").utf8))
    }

    /// Leaves the line clean.
    func end() {
        let mustClear = wasDrawn.withLock { drawn in
            defer { drawn = false }
            return drawn
        }
        if mustClear { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }

    static func line(done: Int, of total: Int, _ note: String) -> String {
        let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
        let filled = Int(share * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        return "[\(bar)] \(Int(share * 100)) % \(done)/\(total) \(note)"
    }
}
