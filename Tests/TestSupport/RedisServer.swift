import Foundation
import Synchronization

/// A private `redis-server` on a Unix socket in a folder of its own.
public final class RedisServer: Sendable {
    /// The server's folder: data, log, configuration.
    public let directory: TemporaryDirectory

    private let process: Mutex<ChildProcess?>
    private let executable: String
    private let arguments: [String]

    private init(directory: TemporaryDirectory, executable: String, arguments: [String]) {
        self.directory = directory
        self.executable = executable
        self.arguments = arguments
        process = Mutex(nil)
    }

    deinit {
        process.withLock { $0 }?.kill(SIGKILL)
    }

    /// The path of the server's Unix socket.
    public var socketPath: String { directory.file("redis.sock") }

    /// The path of the server's log.
    public var logPath: String { directory.file("redis.log") }

    /// The server's process id, 0 while it does not run.
    public var pid: Int32 { process.withLock { $0 }?.pid ?? 0 }

    /// Starts a server and waits until it answers.
    ///
    /// - Parameters:
    ///   - configuration: lines of `redis.conf`, for instance `"appendonly yes"`; they follow the defaults (no TCP port, no snapshots).
    ///   - arguments: what follows the configuration file on the command line, for instance `--sentinel`.
    public static func start(
        configuration: [String] = [],
        arguments: [String] = [],
        directory: TemporaryDirectory? = nil
    ) async throws -> RedisServer {
        let directory = try directory ?? TemporaryDirectory()
        let server = RedisServer(
            directory: directory, executable: try findExecutable(in: directory), arguments: arguments)
        let lines =
            [
                "port 0", "unixsocket \(server.socketPath)", "unixsocketperm 700", "dir \(directory.path)",
                "logfile \(server.logPath)", "daemonize no", "save \"\"", "appendonly no", "enable-debug-command yes",
                "maxmemory-policy noeviction",
            ] + configuration
        try lines.joined(separator: "\n").appending("\n")
            .write(toFile: directory.file("redis.conf"), atomically: true, encoding: .utf8)
        try await server.launch()
        return server
    }

    /// Kills the server with a signal (SIGKILL if none is named) and waits for its end.
    public func kill(_ signal: Int32 = 9) {
        let ended = process.withLock { process in
            defer { process = nil }
            return process
        }
        ended?.kill(signal)
        if signal != SIGKILL { ended?.kill(SIGCONT) }
        ended?.wait()
    }

    /// Starts the server again on the same folder, after ``kill(_:)`` or instead of it.
    public func restart() async throws {
        kill()
        try await launch()
    }

    /// Freezes the server: it keeps its connections and answers nothing.
    public func pause() {
        process.withLock { $0 }?.kill(SIGSTOP)
    }

    /// Ends ``pause()``.
    public func resume() {
        process.withLock { $0 }?.kill(SIGCONT)
    }

    /// Ends the server.
    public func stop() {
        kill(SIGKILL)
    }

    private func launch() async throws {
        // A socket file that a killed server left behind would refuse connections until the new one binds it.
        unlink(socketPath)
        let child = try ChildProcess(executable, [directory.file("redis.conf")] + arguments, output: logPath)
        process.withLock { $0 = child }
        for _ in 0..<3_000 {
            if isReady() { return }
            guard child.isRunning else { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        let log = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "(no log)"
        throw TestSupportError("redis-server did not start:\n\(log.suffix(2_000))")
    }

    private func isReady() -> Bool {
        guard let descriptor = try? connectUnixSocket(socketPath) else { return false }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard send(descriptor, "PING\r\n", 6, Int32(MSG_NOSIGNAL)) == 6 else { return false }
        var reply = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &reply, reply.count, 0)
        guard count > 0 else { return false }
        let text = String(decoding: reply[..<count], as: UTF8.self)
        return text.hasPrefix("+PONG") || text.hasPrefix("-NOAUTH")
    }

    /// `redis-server`, or the check tool under that name: it is the same binary, and its mode goes by its name.
    private static func findExecutable(in directory: TemporaryDirectory) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin"]
        for folder in folders where access("\(folder)/redis-server", X_OK) == 0 {
            return "\(folder)/redis-server"
        }
        let link = directory.file("redis-server")
        if access(link, X_OK) == 0 { return link }
        guard access("/usr/bin/redis-check-rdb", X_OK) == 0, symlink("/usr/bin/redis-check-rdb", link) == 0 else {
            throw TestSupportError("no redis-server: install redis-tools or redis-server")
        }
        return link
    }
}
