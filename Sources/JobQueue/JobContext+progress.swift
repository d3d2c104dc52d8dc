extension JobContext {
    /// Tells operators how far the job is: ``JobRecord/progress`` shows it while the job runs.
    ///
    /// It returns at once and may be called as often as one likes: once a second the worker sends the latest report of
    /// each of its jobs, many in one call. A report counts only while this attempt holds its lease, so that a late one
    /// shows up neither in another attempt nor after the end. In a test without a worker it does nothing.
    ///
    /// - Parameters:
    ///   - fraction: how much is done, 0 to 1; what is outside is moved to the nearer end. `nil` where it can't be said.
    ///   - message: what is being done, cut after 200 bytes.
    public func report(progress fraction: Double? = nil, message: String = "") {
        guard let attemptMade, attemptMade.runner.noteProgress(attemptMade.epoch) else { return }
        let shown = fraction.map { $0.isNaN ? 0 : min(1, max(0, $0)) }
        attemptMade.runner.progress.report(
            ProgressBoard.Report(id: id, fraction: shown, message: Self.shortened(message)), epoch: attemptMade.epoch,
            over: attemptMade.worker.queue)
    }

    /// As many whole characters as fit.
    private static func shortened(_ message: String) -> String {
        guard message.utf8.count > ProgressBoard.maximumMessageBytes else { return message }
        var text = ""
        for character in message {
            guard text.utf8.count + character.utf8.count <= ProgressBoard.maximumMessageBytes else { break }
            text.append(character)
        }
        return text
    }
}
