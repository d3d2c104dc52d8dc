internal import JobQueue

/// Runs the screen: reads on and on, draws what was read, does what keys ask for.
public struct TopRunner: Sendable {
    /// A read or a change that is not answered by then counts as lost; the next one starts anew.
    static let patience = Duration.seconds(5)

    private let source: TopSource
    private let drawing: TopDrawing
    private let interval: Duration

    /// Creates a runner.
    public init(source: TopSource, features: TerminalFeatures, interval: Duration) {
        self.source = source
        drawing = TopDrawing(features: features)
        self.interval = interval
    }

    private enum Event: Sendable {
        case terminal(Terminal.Event)
        case tick
        case read(TopSnapshot)
        case lost(String)
        case progress(String)
        case changed(String)
        case failed(String)
    }

    /// Runs until it is quit.
    ///
    /// - Returns: the signal that ended it; `nil` if a key did.
    public func run(_ model: TopModel, on terminal: Terminal) async -> Int32? {
        var model = model
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        let (reads, wanted) = AsyncStream.makeStream(of: Read.self, bufferingPolicy: .bufferingNewest(1))
        return await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for await event in terminal.events { sink.yield(.terminal(event)) }
                // The terminal's thread has ended: nobody can type any more.
                sink.yield(.terminal(.ended(signal: 1)))
            }
            tasks.addTask { await tick(sink) }
            tasks.addTask { for await read in reads { await answer(read, sink) } }
            defer { tasks.cancelAll() }
            model.tick(Int64(SortableID.unixMilliseconds()))
            wanted.yield(Read(model))
            var readAt = ContinuousClock.now
            show(&model, terminal)
            for await event in events {
                model.tick(Int64(SortableID.unixMilliseconds()))
                switch event {
                case .terminal(.ended(let signal)): return signal
                case .terminal(.resized): break
                case .terminal(.key(let key)):
                    switch model.press(key, page: drawing.page(of: model, rows: terminal.size.rows)) {
                    case .quit: return nil
                    case .refresh: wanted.yield(Read(model))
                    case .redraw: terminal.redraw()
                    case .change(let change): tasks.addTask { await perform(change, sink) }
                    case nil: break
                    }
                case .tick:
                    if ContinuousClock.now - readAt >= interval {
                        readAt = .now
                        wanted.yield(Read(model))
                    }
                case .read(let snapshot): model.take(snapshot)
                case .lost(let reason): model.lose(reason)
                case .progress(let text): model.say(text)
                case .changed(let text):
                    model.say(text)
                    wanted.yield(Read(model))
                case .failed(let text): model.say(text, isError: true)
                }
                show(&model, terminal)
            }
            return nil
        }
    }

    /// What a read is for; asked for again while one runs, the latest counts.
    private struct Read: Sendable {
        let minutes: Int
        let views: Set<TopView>

        init(_ model: TopModel) {
            minutes = model.minutesWanted
            views = [model.view]
        }
    }

    private func show(_ model: inout TopModel, _ terminal: Terminal) {
        let (columns, rows) = terminal.size
        model.scroll(rows: drawing.page(of: model, rows: rows))
        terminal.show(drawing.draw(model, columns: columns, rows: rows))
    }

    /// The clock moves on, also while Redis is away.
    private func tick(_ sink: AsyncStream<Event>.Continuation) async {
        let step = min(interval, .milliseconds(500))
        while !Task.isCancelled {
            // Cancelled: the loop ends.
            try? await Task.sleep(for: step)
            sink.yield(.tick)
        }
    }

    private func answer(_ read: Read, _ sink: AsyncStream<Event>.Continuation) async {
        do {
            let snapshot = try await patiently { try await source.snapshot(minutes: read.minutes, views: read.views) }
            sink.yield(.read(snapshot))
        } catch {
            sink.yield(.lost("\(error)"))
        }
    }

    private func perform(_ change: TopChange, _ sink: AsyncStream<Event>.Continuation) async {
        do {
            sink.yield(.changed(try await source.perform(change) { sink.yield(.progress($0)) }))
        } catch {
            sink.yield(.failed("nothing is known of the change: \(error)"))
        }
    }

    private func patiently<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                throw Silence()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw Silence() }
            return result
        }
    }

    private struct Silence: Error, CustomStringConvertible {
        var description: String { "no answer for 5 s" }
    }
}
