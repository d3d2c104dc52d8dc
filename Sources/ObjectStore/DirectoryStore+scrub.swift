import Foundation
import Glibc
import Logging

extension DirectoryStore {
    /// Compares every byte and row that the store holds.
    ///
    /// It reads each content file and compares size and hash with its row's (SHA-256 of objects, MD5 of parts), looks
    /// every file up in the index, and asks the index about itself. Beside it the store goes on: what is being written,
    /// replaced or deleted meanwhile is no finding. Memory is constant. Cancelled or killed, it can be resumed where it
    /// was. With ``ScrubOptions/repairs``:
    ///
    /// - an orphan is removed, unless most files are orphans, as after an index was lost: then all stay;
    /// - a file whose bytes or size are wrong moves to `quarantine/`, with a note of its keys. Their rows stay, so that
    ///   reading them fails instead of giving out wrong bytes, until they are stored again or a good copy of the file is
    ///   put back;
    /// - all else is for people to decide, and stays as it is.
    ///
    /// - Parameter progress: called every few MiB.
    /// - Throws: ``ObjectStoreError`` with `.busy` while another one is under way, in whatever process.
    public func scrub(
        _ options: ScrubOptions = ScrubOptions(),
        progress: (@Sendable (ScrubProgress) -> Void)? = nil
    ) async throws -> ScrubReport {
        guard let turn = try await perform({ files, _ in try files.takeScrubTurn() }) else {
            throw ObjectStoreError(.busy, "another scrub of \(directory) is under way")
        }
        let result: Result<ScrubReport, any Error>
        do {
            // What died with other processes is no finding.
            try await sweep()
            var run = try await perform { files, index in
                let cut = options.resumes ? try index.scrubUnderWay() : nil
                let fresh = ScrubState(report: ScrubReport(startedAt: StoreIndex.now(), repairs: options.repairs))
                return ScrubRun(state: cut ?? fresh, totalBytes: try index.bytesToScrub(), options: options)
            }
            result = .success(try await run.finish(in: self, progress))
        } catch {
            result = .failure(error)
        }
        // At once, so that the next scrub of this task finds the turn free; closing an empty file waits for nothing.
        close(turn)
        return try result.get()
    }

    /// What the last scrub found that came to its end, in whatever process; nil when there was none.
    public func lastScrub() async throws -> ScrubReport? {
        try await perform { _, index in try index.lastScrub() }
    }

    /// The scrub that was cut before its end, or is under way, if any.
    public func scrubUnderWay() async throws -> ScrubReport? {
        try await perform { _, index in try index.scrubUnderWay()?.report }
    }
}

/// One scrub, or what is left of it.
private struct ScrubRun: Sendable {
    /// Bytes that are hashed in one call on a thread: some milliseconds.
    private static let stride = 4 << 20
    /// Rows that are read at once.
    private static let page = 64

    var state: ScrubState
    let totalBytes: Int64
    private let options: ScrubOptions
    private let began = ContinuousClock.now
    private var pacer: ScrubPacer
    private var remembered = ContinuousClock.now

    init(state: ScrubState, totalBytes: Int64, options: ScrubOptions) {
        self.state = state
        self.state.report.repairs = options.repairs
        self.totalBytes = totalBytes
        self.options = options
        self.pacer = ScrubPacer(bytesPerSecond: options.bytesPerSecond)
    }

    private var isOver: Bool {
        options.turn.map { ContinuousClock.now - began >= $0 } ?? false
    }

    mutating func finish(
        in store: DirectoryStore,
        _ progress: (@Sendable (ScrubProgress) -> Void)?
    ) async throws -> ScrubReport {
        // Also where nothing is read for long, a cut one is known as such.
        try await remember(in: store)
        do {
            repeat {
                try Task.checkCancellation()
                switch state.phase {
                case .index: try await checkIndex(of: store)
                case .contents, .parts: try await checkRows(of: store, progress)
                case .files: try await checkFiles(of: store)
                }
                try await rememberNowAndThen(in: store)
            } while state.report.endedAt == nil && !isOver
        } catch {
            // The error is the caller's; where it was can be lost, and costs a repetition.
            try? await remember(in: store)
            throw error
        }
        try await remember(in: store)
        return state.report
    }

    private func remember(in store: DirectoryStore) async throws {
        let state = state
        try await store.perform { _, index in try index.remember(state) }
    }

    /// Each costs a sync of the index.
    private mutating func rememberNowAndThen(in store: DirectoryStore) async throws {
        let now = ContinuousClock.now
        guard now - remembered >= .seconds(2) else { return }
        remembered = now
        try await remember(in: store)
    }

    private mutating func move(to phase: ScrubState.Phase) {
        state.phase = phase
        state.after = ""
    }

    private mutating func checkIndex(of store: DirectoryStore) async throws {
        for finding in try await store.perform({ _, index in try index.contradictions() }) {
            state.report.add(finding)
        }
        move(to: .contents)
    }

    private mutating func checkRows(
        of store: DirectoryStore,
        _ progress: (@Sendable (ScrubProgress) -> Void)?
    ) async throws {
        let (isParts, after) = (state.phase == .parts, state.after)
        let rows = try await store.perform { _, index in
            try isParts
                ? index.parts(after: after, limit: Self.page) : index.contents(after: after, limit: Self.page)
        }
        guard let last = rows.last else { return move(to: isParts ? .files : .parts) }
        let check = RowsCheck(rows, repairs: options.repairs)
        while true {
            let step = try await store.perform { files, index in
                try check.advance(Self.stride, files: files, index: index)
            }
            state.report.bytes += step.bytes
            step.findings.forEach { state.report.add($0) }
            if step.done > 0 {
                if isParts { state.report.parts += step.done } else { state.report.contents += step.done }
            }
            if let name = step.lastDone {
                state.after = name
            }
            progress?(ScrubProgress(bytes: state.report.bytes, totalBytes: totalBytes))
            let pause = pacer.wait(after: step.bytes)
            if pause > .zero { try await Task.sleep(for: pause) }
            // The turn ends between two files: what is read of one is not kept.
            guard state.after != last.name, !(isOver && step.isBetweenFiles) else { return }
            try Task.checkCancellation()
            try await rememberNowAndThen(in: store)
        }
    }

    private mutating func checkFiles(of store: DirectoryStore) async throws {
        let folder: UInt8 = Hex.decode(state.after)?.first.map { $0 + 1 } ?? 0
        let (isFirst, options) = (state.after.isEmpty, options)
        let keepsOrphans = state.report.keepsOrphans
        let (step, keeps) = try await store.perform { files, index in
            var keeps = keepsOrphans
            if isFirst, options.repairs {
                let (present, rows) = (try files.contentCount(), try index.fileRows())
                keeps = present - rows > max(100, rows)
            }
            var check = FilesCheck(files: files, index: index, removesOrphans: options.repairs && !keeps)
            if isFirst { try check.lookForForeignFolders() }
            try check.look(into: Hex.encode([folder]))
            return (check.step, keeps)
        }
        state.report.keepsOrphans = keeps
        state.report.files += step.files
        step.findings.forEach { state.report.add($0) }
        state.after = Hex.encode([folder])
        if folder == .max {
            state.report.endedAt = StoreIndex.now()
        }
    }
}
