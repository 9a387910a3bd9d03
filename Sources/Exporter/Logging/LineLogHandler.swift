import ArgumentParser
import Glibc
import Logging
import Presentation

/// The format of log lines.
enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case logfmt, json
}

/// Writes one line per event to standard error, in the style of Prometheus: `ts=… level=info msg="…" key=value`.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let format: LogFormat
    var sink = LogSink()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = self.metadata.merging(event.metadata ?? [:]) { $1 }
        var pairs: [(String, String)] = [
            ("ts", Self.timestamp()), ("level", event.level.rawValue), ("msg", "\(event.message)"),
        ]
        pairs += fields.sorted { $0.key < $1.key }.map { ($0.key, Self.text($0.value)) }
        sink.log(line(pairs) + "\n")
    }

    func line(_ pairs: [(String, String)]) -> String {
        switch format {
        case .logfmt: pairs.map { "\($0)=\(Self.logfmt($1))" }.joined(separator: " ")
        case .json: "{" + pairs.map { "\(JSONText.quoted($0)):\(JSONText.quoted($1))" }.joined(separator: ",") + "}"
        }
    }

    /// Lists are written as their elements separated by commas, not in Swift's syntax.
    static func text(_ value: Logger.MetadataValue) -> String {
        if case .array(let elements) = value { return elements.map(text).joined(separator: ",") }
        return "\(value)"
    }

    private static func logfmt(_ value: String) -> String {
        let isPlain =
            !value.isEmpty
            && value.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
            }
        return isPlain ? value : JSONText.quoted(value)
    }

    /// RFC 3339 in UTC, with milliseconds.
    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        var seconds = now.tv_sec
        gmtime_r(&seconds, &parts)
        func padded(_ number: some BinaryInteger, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let time = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
    }
}
