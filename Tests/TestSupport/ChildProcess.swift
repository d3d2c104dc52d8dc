import Foundation
import Synchronization

/// A process that a test starts, signals and reaps, and that dies with the test run.
public final class ChildProcess: Sendable {
    /// The process id.
    public let pid: Int32

    private struct State {
        var exitStatus: Int32?
        var guardPID: pid_t
        var guardPipe: Int32
    }

    private let state: Mutex<State>

    /// Starts `executable` with arguments; its output goes to the file `output` or nowhere.
    public init(_ executable: String, _ arguments: [String], output: String? = nil) throws {
        pid = try Self.spawn(executable, arguments, output: output, input: nil)
        // A shell that kills the child when this end of its pipe closes, however this process ended.
        var pipe: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pipe) == 0 else { throw TestSupportError("socketpair failed") }
        let guardPID = try Self.spawn("/bin/sh", ["-c", "read _; kill -9 \(pid)"], output: nil, input: pipe[0])
        Glibc.close(pipe[0])
        state = Mutex(State(exitStatus: nil, guardPID: guardPID, guardPipe: pipe[1]))
    }

    deinit {
        kill(SIGKILL)
        _ = wait()
    }

    /// Sends a signal, unless the process has been reaped.
    public func kill(_ signal: Int32) {
        state.withLock { state in
            guard state.exitStatus == nil else { return }
            Glibc.kill(pid, signal)
        }
    }

    /// Whether the process has not ended yet.
    public var isRunning: Bool {
        state.withLock { state in
            guard state.exitStatus == nil else { return false }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return true }
            Self.finish(&state, status: status)
            return false
        }
    }

    /// Waits for the end and returns the raw wait status.
    ///
    /// Call it only after a signal that ends the process.
    @discardableResult
    public func wait() -> Int32 {
        state.withLock { state in
            if let status = state.exitStatus { return status }
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            Self.finish(&state, status: status)
            return status
        }
    }

    private static func finish(_ state: inout State, status: Int32) {
        state.exitStatus = status
        // The guard must not outlive the child: its pid could be given to somebody else.
        Glibc.kill(state.guardPID, SIGKILL)
        var ignored: Int32 = 0
        while waitpid(state.guardPID, &ignored, 0) == -1, errno == EINTR {}
        Glibc.close(state.guardPipe)
    }

    private static func spawn(
        _ executable: String, _ arguments: [String], output: String?, input: Int32?
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(
            &actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Swift's runtime and the test runner block or ignore signals that a child must not inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var argv: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { argv.forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, executable, &actions, &attributes, argv, environ)
        guard result == 0 else {
            throw TestSupportError("cannot start \(executable): \(String(cString: strerror(result)))")
        }
        return pid
    }
}
