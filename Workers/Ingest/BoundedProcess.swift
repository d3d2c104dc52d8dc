import Foundation
import Subprocess

/// Runs a program on hostile input: bounded in processor time, address space, file size and time on the clock.
struct BoundedProcess: Sendable {
    /// How a program ended.
    enum Outcome: Sendable {
        case success(output: String)
        /// It said that it could not; the first line of what it said.
        case failure(String)
        /// It reached a bound, or crashed.
        case exceeded(String)
    }

    let limits: ProbeLimits
    /// Its only folder to write to.
    let scratch: String

    /// `prlimit` sets the bounds and becomes the program.
    ///
    /// The address space also bounds threads' stacks and mapped files, so it is no measure of memory in use, but
    /// nothing else holds without privileges.
    func run(_ program: String, _ arguments: [String]) async throws -> Outcome {
        let cpu = max(1, limits.cpuTime.components.seconds)
        let bounds = [
            "--cpu=\(cpu):\(cpu + 5)", "--as=\(limits.memoryMiB << 20)", "--fsize=\(1 << 31)", "--core=0",
            "--nofile=64", program,
        ]
        var options = PlatformOptions()
        // A session of its own, so that the kill reaches whatever the program started.
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        let platformOptions = options
        let wallTime = limits.wallTime
        return try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask {
                try await start(bounds + arguments, platformOptions)
            }
            group.addTask {
                try await Task.sleep(for: wallTime)
                return .exceeded("it took longer than \(wallTime.components.seconds) s")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            // The killed program's end is awaited, but not what it says.
            return first
        }
    }

    private func start(_ arguments: [String], _ options: PlatformOptions) async throws -> Outcome {
        do {
            let result = try await Subprocess.run(
                .name("prlimit"), arguments: Arguments(arguments), environment: .custom(environment),
                platformOptions: options, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            try Task.checkCancellation()
            return try outcome(result.terminationStatus, result.standardOutput, result.standardError)
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            return .exceeded("it wrote too much")
        }
    }

    private func outcome(_ status: TerminationStatus, _ output: String, _ errors: String) throws -> Outcome {
        let reason = errors.split(separator: "\n").first.map(String.init) ?? "no reason given"
        switch status {
        case .exited(0):
            return .success(output: output)
        // prlimit could not start it, or the disk is full: no fault of the file's.
        case .exited(126), .exited(127):
            throw IngestError.probe(reason)
        case .exited where errors.contains("No space left on device"):
            throw IngestError.probe(reason)
        case .exited:
            return .failure(reason)
        case .signaled(let signal):
            return .exceeded("it was ended by signal \(signal)")
        }
    }

    /// Nothing of the worker's environment, which may hold secrets, goes to a program that reads hostile files.
    private var environment: [Environment.Key: String] {
        [
            "PATH": "/usr/bin:/bin", "HOME": scratch, "TMPDIR": scratch, "LC_ALL": "C.UTF-8",
            ProbeMark.key: "\(getpid())",
            "VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1", "VIPS_WARNING": "0",
        ]
    }
}
