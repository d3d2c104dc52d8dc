import Dispatch
import Foundation
import Glibc
import Synchronization

/// An append-only file of lines: what `flush()` has returned for is on the disk.
///
/// Lines appended while an fsync runs share the next one, so the cost of durability is one fsync at a time and not one for each request.
/// After a failed write the memory is ahead of the disk and nothing can be promised any more: every later flush fails, until a restart
/// reads what is really there.
final class Journal: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private struct Waiter {
        var position: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var buffer: [UInt8] = []
        var appended = 0
        var durable = 0
        var isWriting = false
        var isOpen = true
        var waiters: [Waiter] = []
        var failure: Failure?
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    /// fsync blocks for milliseconds: never on the cooperative pool.
    private let queue = DispatchQueue(label: "payments.journal")

    /// Opens the file, hands every whole line to `replay`, and cuts off a torn tail.
    ///
    /// A line that `replay` refuses ends the replay if nothing readable follows it (an append that a crash cut short was never
    /// acknowledged); if something readable follows, acknowledged data is damaged and opening fails.
    init(path: String, replay: (Data) throws -> Void) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot open \(path)") }
        do {
            // Two processes with one journal would each acknowledge what the other does not know.
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw Self.failure("\(path) is in use") }
            let end = try Self.replayLines(of: Data(contentsOf: URL(filePath: path)), path: path, replay: replay)
            guard ftruncate(descriptor, off_t(end)) == 0, fsync(descriptor) == 0 else {
                throw Self.failure("cannot truncate \(path)")
            }
            try Self.syncDirectory(of: path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit {
        closeOnce()
    }

    /// Writes what was appended and lets go of the file, so that another process may have it; every later flush fails.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.writeAll()
                self.closeOnce()
                self.failWaiters()
                continuation.resume()
            }
        }
    }

    private func closeOnce() {
        let wasOpen = state.withLock { state in
            defer {
                state.isOpen = false
                state.failure = state.failure ?? Failure(description: "the journal is closed")
            }
            return state.isOpen
        }
        if wasOpen { Glibc.close(descriptor) }
    }

    /// Adds one line (without its newline) in memory; the order of calls is the order in the file.
    func append(_ line: some Sequence<UInt8>) {
        state.withLock { state in
            state.buffer.append(contentsOf: line)
            state.buffer.append(UInt8(ascii: "\n"))
            state.appended += 1
        }
    }

    /// Returns when everything appended before the call is on the disk.
    func flush() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            enum Next {
                case fail(Failure)
                case succeed
                case write
                case wait
            }
            let next: Next = state.withLock { state in
                if let failure = state.failure { return .fail(failure) }
                guard state.durable < state.appended else { return .succeed }
                state.waiters.append(Waiter(position: state.appended, continuation: continuation))
                guard !state.isWriting else { return .wait }
                state.isWriting = true
                return .write
            }
            switch next {
            case .fail(let failure): continuation.resume(throwing: failure)
            case .succeed: continuation.resume()
            case .write: queue.async { self.writeAll() }
            case .wait: break
            }
        }
    }

    /// For who came between the last write and the close.
    private func failWaiters() {
        let (waiters, failure) = state.withLock { state in
            defer { state.waiters.removeAll() }
            return (state.waiters, state.failure)
        }
        for waiter in waiters {
            waiter.continuation.resume(throwing: failure ?? Failure(description: "the journal is closed"))
        }
    }

    private func writeAll() {
        while true {
            let batch: (bytes: [UInt8], position: Int)? = state.withLock { state in
                guard !state.buffer.isEmpty, state.failure == nil else {
                    state.isWriting = false
                    return nil
                }
                defer { state.buffer.removeAll() }
                return (state.buffer, state.appended)
            }
            guard let batch else { return }

            let failure = write(batch.bytes)
            let waiters: [Waiter] = state.withLock { state in
                if let failure {
                    state.failure = failure
                } else {
                    state.durable = batch.position
                }
                let released = state.waiters.filter { failure != nil || $0.position <= batch.position }
                state.waiters.removeAll { failure != nil || $0.position <= batch.position }
                return released
            }
            for waiter in waiters {
                if let failure {
                    waiter.continuation.resume(throwing: failure)
                } else {
                    waiter.continuation.resume()
                }
            }
        }
    }

    private func write(_ bytes: [UInt8]) -> Failure? {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if written < 0 {
                guard errno == EINTR else { return Self.failure("cannot write the journal") }
            } else {
                offset += written
            }
        }
        guard fdatasync(descriptor) == 0 else { return Self.failure("cannot sync the journal") }
        return nil
    }

    /// Returns the length of the part that is whole.
    private static func replayLines(of data: Data, path: String, replay: (Data) throws -> Void) throws -> Int {
        var start = data.startIndex
        var damage: (offset: Int, error: any Error)?
        while let newline = data[start...].firstIndex(of: UInt8(ascii: "\n")) {
            do {
                try replay(data[start..<newline])
                if let damage {
                    throw Failure(description: "\(path) is damaged at byte \(damage.offset): \(damage.error)")
                }
            } catch let failure as Failure {
                throw failure
            } catch {
                damage = damage ?? (start, error)
            }
            start = data.index(after: newline)
        }
        return damage?.offset ?? start
    }

    private static func syncDirectory(of path: String) throws {
        let directory = URL(filePath: path).deletingLastPathComponent().path
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open \(directory)") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot sync \(directory)") }
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
