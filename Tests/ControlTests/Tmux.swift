import Foundation
import TestSupport
import Testing

/// A terminal that a test looks at and types on: a window of a tmux server of its own.
final class Tmux {
    private let socket: String
    private let folder: TemporaryDirectory

    /// Starts a window of a size that runs a command by `sh`.
    init(
        _ command: String, columns: Int = 80, rows: Int = 24, environment: [String: String] = [:]
    ) throws {
        folder = try TemporaryDirectory()
        socket = folder.file("tmux")
        var variables = ["LC_ALL": "C.UTF-8", "NO_COLOR": ""]
        variables.merge(environment) { $1 }
        let assignments = variables.sorted { $0.key < $1.key }.flatMap { ["-e", "\($0.key)=\($0.value)"] }
        _ = try tmux(
            ["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)"] + assignments
                + [command])
    }

    deinit {
        // The server may have ended with its only window.
        _ = try? tmux(["kill-server"])
    }

    /// The rows that are shown, without white space at their ends.
    func lines(withStyles: Bool = false) throws -> [String] {
        try tmux(["capture-pane", "-p"] + (withStyles ? ["-e"] : [])).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { String($0).replacing(/\s+$/, with: "") }
    }

    func text() throws -> String { try lines().joined(separator: "\n") }

    /// Types keys by tmux's names: `q`, `Down`, `C-z`, `Tab`.
    func type(_ keys: String...) throws { _ = try tmux(["send-keys"] + keys) }

    func resize(columns: Int, rows: Int) throws {
        _ = try tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// Copies every byte that the window gets from now on to a file.
    func copy(to file: String) throws { _ = try tmux(["pipe-pane", "exec cat >'\(file)'"]) }

    /// What tmux says of the window, for instance `alternate_on`.
    func tell(_ variable: String) throws -> String {
        try tmux(["display-message", "-p", "#{\(variable)}"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits until the screen has a text, and returns it.
    @discardableResult
    func wait(for text: String) async throws -> String {
        var last = ""
        do {
            try await eventually("'\(text)' on the screen") {
                last = try self.text()
                return last.contains(text)
            }
        } catch {
            throw TestSupportError("'\(text)' is not on the screen:\n\(last)")
        }
        return last
    }

    private func tmux(_ words: [String]) throws -> String {
        let output = folder.file("output")
        // ChildProcess appends.
        _ = try? FileManager.default.removeItem(atPath: output)
        let child = try ChildProcess("/usr/bin/env", ["tmux", "-u", "-S", socket] + words, output: output)
        guard child.wait() == 0 else {
            throw TestSupportError(
                "tmux \(words): \(String(decoding: try Data(contentsOf: URL(filePath: output)), as: UTF8.self))")
        }
        return try String(contentsOfFile: output, encoding: .utf8)
    }
}
