import Foundation
import JobQueue
import RedisClient
import TestSupport

/// `redis-benchmark` on the server that is measured.
struct RedisBenchmark {
    let port: Int

    /// Requests per second of one command.
    func rate(
        clients: Int, pipeline: Int, requests: Int, keyspace: Int? = nil, _ command: [String]
    ) throws -> Double {
        var options = [
            "-h", "127.0.0.1", "-p", "\(port)", "-c", "\(clients)", "-P", "\(pipeline)", "-n", "\(requests)", "-q",
        ]
        if let keyspace { options += ["-r", "\(keyspace)"] }
        let text = try Self.output("redis-benchmark", options + command)
        let numbers = text.matches(of: /([\d.]+) requests per second/).compactMap { Double($0.1) }
        guard let rate = numbers.last else { throw TestSupportError("redis-benchmark printed no rate: \(text)") }
        return rate
    }

    /// The arguments of one real enqueue, seen by MONITOR, with an id that redis-benchmark makes unique.
    ///
    /// Seen and not spelled out, so that it is the very script and the very arguments.
    static func enqueueCall(_ server: BenchServer) async throws -> [String] {
        let monitor = try await Monitor.start(port: server.port)
        defer { monitor.stop() }
        // The first teaches the script and starts the minute's counters.
        try await server.queue.enqueue(NoOperation.sample)
        let id = JobID.generate()
        try await server.queue.enqueue(NoOperation.sample, id: id)
        var line: Substring?
        while line == nil {
            line = try monitor.lines().first { $0.contains("\"EVALSHA\"") && $0.contains(id.rawValue) }
            try await Task.sleep(for: .milliseconds(5))
        }
        let unique = id.rawValue.dropLast(12) + "__rand_int__"
        return unquoted(line ?? "").map { $0 == id.rawValue ? String(unique) : $0 }
    }

    /// The commands that clients send in so many seconds, without those that scripts call.
    static func clientCommands(port: Int, seconds: Int) async throws -> Int {
        let monitor = try await Monitor.start(port: port)
        defer { monitor.stop() }
        try await Task.sleep(for: .seconds(seconds))
        return try monitor.lines().count { $0.contains("] \"") && !$0.contains(" lua] \"") }
    }

    /// The quoted strings of a line of MONITOR.
    static func unquoted(_ line: Substring) -> [String] {
        var strings: [String] = []
        var current: String?
        var isEscaped = false
        for character in line {
            guard let text = current else {
                if character == "\"" { current = "" }
                continue
            }
            if isEscaped {
                current = text + (character == "n" ? "\n" : String(character))
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                strings.append(text)
                current = nil
            } else {
                current = text + String(character)
            }
        }
        return strings
    }

    static func output(_ name: String, _ arguments: [String]) throws -> String {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestSupportError("\(name) ended with \(process.terminationStatus): \(text)")
        }
        return text
    }
}

/// `redis-cli monitor`, which slows the server down while it runs.
private struct Monitor {
    private let process: ChildProcess
    private let directory: TemporaryDirectory

    static func start(port: Int) async throws -> Monitor {
        let directory = try TemporaryDirectory()
        let monitor = Monitor(
            process: try ChildProcess(
                "/usr/bin/env", ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)", "monitor"],
                output: directory.file("monitor")),
            directory: directory)
        while try monitor.lines().first != "OK" {
            guard monitor.process.isRunning else { throw TestSupportError("redis-cli monitor ended") }
            try await Task.sleep(for: .milliseconds(5))
        }
        return monitor
    }

    /// The whole lines so far.
    func lines() throws -> [Substring] {
        let text = String(decoding: try Data(contentsOf: URL(filePath: directory.file("monitor"))), as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    func stop() {
        process.kill(SIGKILL)
        process.wait()
    }
}

/// A peer, driven by `scripts/bench.d/peers/peer.py`.
struct Peer {
    let name: String
    let script: String

    func measure(_ what: String, port: Int, _ options: [String] = []) throws -> [String: Double] {
        let text = try RedisBenchmark.output("python3", [script, what, name, "--port", "\(port)"] + options)
        return try JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    }
}
