public import Logging
public import Settings

/// Sets up the process's log: one line an event on standard error, with request, order and job ids as metadata.
public enum LogOutput {
    /// Starts logging as the settings say; call once, before any logger is used.
    public static func start(_ settings: Settings, label: String) -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: label)
        logger.logLevel = Logger.Level(rawValue: settings.logLevel) ?? .info
        return logger
    }
}
