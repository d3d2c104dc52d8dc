package import Subprocess

/// What tells a media probe's process from any other, also when the worker that started it was killed.
package enum ProbeMark {
    /// The variable of the probe's environment that holds the worker's process id.
    package static let variable = "SUNSET_PROBE_OF"

    /// The same as a key.
    package static let key: Environment.Key = "SUNSET_PROBE_OF"
}
