/// What a key asks for that the model can't do itself.
public enum TopAction: Sendable, Hashable {
    /// Ends the program.
    case quit
    /// Reads anew at once.
    case refresh
    /// Draws the whole screen anew.
    case redraw
    /// Something is changed in Redis.
    case change(TopChange)
}

/// Something that is changed in Redis.
public enum TopChange: Sendable, Hashable {
    /// A queue is paused, or goes on.
    case pause(queue: String, Bool)
    /// A queue's dead jobs go back on it.
    case retryDead(queue: String)
    /// One dead job goes back on its queue.
    case retry(job: String, queue: String)
    /// A worker claims nothing more, or claims again.
    case quiet(worker: String, name: String, Bool)
    /// A periodic entry is paused, or goes on.
    case pauseSchedule(String, Bool)
    /// A periodic entry is run now.
    case runSchedule(String)
}
