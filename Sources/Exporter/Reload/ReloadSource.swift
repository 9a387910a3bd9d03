import Configuration
import Documents
import Synchronization

/// What a reload reads. Refuses what a start would refuse, with one exception: a file that could be read once and has vanished
/// since does not prevent a reload that still names it, because the other nodes still work.
final class ReloadSource: Sendable {
    private let options: ConfigurationOptions
    /// The configuration that was accepted last. A file that it names was readable at the start, or at the reload that named it.
    private let accepted: Mutex<Configuration>

    /// - Parameter started: the configuration that the exporter has started with.
    init(_ options: ConfigurationOptions, started: Configuration) {
        self.options = options
        accepted = Mutex(started)
    }

    /// Reads the configuration again. A file that has vanished is among the warnings.
    func load() throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning]) {
        let (configuration, warnings) = try options.load()
        let unreadable = options.unreadableFiles(of: configuration).map(\.problem)
        if !unreadable.isEmpty {
            let before = options.unreadableFiles(of: accepted.withLock { $0 }).map { Failing($0.problem) }
            let problems = unreadable.filter { !before.contains(Failing($0)) }
            guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        }
        accepted.withLock { $0 = configuration }
        return (configuration, warnings)
    }
}

/// A problem wherever in the file it is: a line that has moved is the same setting.
private struct Failing: Equatable {
    let file: String
    let message: String

    init(_ problem: Problem) {
        file = problem.file
        message = problem.message
    }
}
