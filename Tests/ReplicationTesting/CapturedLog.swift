package import Logging
internal import Synchronization

/// Keeps what is logged, for a test to look at.
package final class CapturedLog: Sendable {
    package struct Entry: Sendable {
        package let level: Logger.Level
        package let message: String
        /// Of the logger and of the line.
        package let metadata: Logger.Metadata
    }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let own = event.metadata ?? [:]
            log.keep(
                Entry(
                    level: event.level, message: "\(event.message)",
                    metadata: metadata.merging(own) { _, newest in newest }))
        }
    }

    private let level: Logger.Level
    private let kept = Mutex<[Entry]>([])
    /// Entries as they come. For one reader.
    package let arrivals: AsyncStream<Entry>
    private let arrival: AsyncStream<Entry>.Continuation

    /// - Parameter level: the least severe that is kept.
    package init(level: Logger.Level = .trace) {
        self.level = level
        (arrivals, arrival) = AsyncStream.makeStream()
    }

    package var logger: Logger { Logger(label: "test") { _ in Handler(log: self, logLevel: self.level) } }

    package var entries: [Entry] { kept.withLock { $0 } }

    /// `level message`, and the reason where one is given.
    package var lines: [String] {
        entries.map { entry in
            "\(entry.level) \(entry.message)" + (entry.metadata["reason"].map { " reason=\($0)" } ?? "")
        }
    }

    /// The next entry that arrives. For one reader.
    package func next() async -> Entry? {
        for await entry in arrivals { return entry }
        return nil
    }

    private func keep(_ entry: Entry) {
        kept.withLock { $0.append(entry) }
        arrival.yield(entry)
    }
}
