import Marketplace
import Synchronization
import TestSupport

/// The messages that were sent.
final class Mails: Sendable {
    private struct State {
        var sent: [SendMail] = []
        var waiters: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    func add(_ mail: SendMail) {
        let waiters = state.withLock { state in
            state.sent.append(mail)
            return state.waiters
        }
        waiters.forEach { $0.yield() }
    }

    /// The newest code that was mailed to an address; waits for one.
    func code(to address: String) async throws -> String {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.waiters.append(continuation) }
        if let code = newestCode(address) { return code }
        for await _ in signals {
            if let code = newestCode(address) { return code }
        }
        throw TestSupportError("no mail to \(address)")
    }

    private func newestCode(_ address: String) -> String? {
        state.withLock { state in
            state.sent.last { $0.to == address }.flatMap { mail in
                switch mail.template {
                case .confirmCode(let code, _), .resetCode(let code, _): code
                default: nil
                }
            }
        }
    }
}
