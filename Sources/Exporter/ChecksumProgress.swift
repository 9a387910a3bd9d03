import Glibc
import MariaDB
import Checksums
import Presentation
import Replication
import Synchronization

/// The progress of a comparison, on standard error: a bar that is redrawn in place on a terminal, otherwise a line now and
/// then.
final class ChecksumProgress: Sendable {
    private struct State {
        var text = ChecksumProgressText()
        var printedAt: ContinuousClock.Instant?
        var isBarShown = false
    }

    private let isTerminal: Bool
    private let state = Mutex(State())

    private static let barInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(10)

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    func note(_ event: ChecksumEvent) {
        state.withLock { state in
            if let line = state.text.note(event) {
                Self.clear(&state)
                StandardError.print(line.printable)
                state.printedAt = nil
            }
            let interval = isTerminal ? Self.barInterval : Self.lineInterval
            guard let bar = state.text.bar(width: 30),
                state.printedAt.map({ $0.duration(to: .now) >= interval }) ?? isTerminal
            else {
                if state.printedAt == nil { state.printedAt = .now }
                return
            }
            state.printedAt = .now
            if isTerminal {
                StandardError.print("\r\u{1B}[K" + bar.printable, terminator: "")
                state.isBarShown = true
            } else {
                StandardError.print(bar.printable)
            }
        }
    }

    /// Removes the bar from the terminal.
    func end() { state.withLock { Self.clear(&$0) } }

    private static func clear(_ state: inout State) {
        if state.isBarShown { StandardError.print("\r\u{1B}[K", terminator: "") }
        state.isBarShown = false
    }
}

/// The text of the progress lines and of the bar.
struct ChecksumProgressText {
    private var tables = 0
    private var table: (name: String, number: Int, rows: UInt64)?
    private var chunk = 0
    private var rows: UInt64 = 0

    /// - Returns: a line to print permanently; nil for an event that only moves the bar.
    mutating func note(_ event: ChecksumEvent) -> String? {
        switch event {
        case .started(let primary, let replicas, let tables):
            self.tables = tables
            return "comparing \(Amount.count(tables, "table")) of \(primary) with \(replicas.joined(separator: ", "))"
        case .table(let name, let number, let rows):
            table = (name.description, number, rows)
            (chunk, self.rows) = (0, 0)
            return nil
        case .resumed(let name, let chunks): return "\(name): resuming after \(Amount.count(chunks, "chunk"))"
        case .chunk(let number, let rows):
            (chunk, self.rows) = (number, rows)
            return nil
        case .finished(let name, let chunks, let rows):
            table = nil
            return "\(name): \(Amount.count(rows, "row")) in \(Amount.count(chunks, "chunk"))"
        case .notCompared(let name, let reason):
            table = nil
            return "\(name): not compared: \(reason)"
        case .paused(let reason): return "paused: \(reason)"
        case .goesOn: return "continuing"
        case .waiting(let nodes): return "waiting for \(nodes.joined(separator: ", ")) to apply the rest"
        }
    }

    /// Nil between tables. The server's estimate of a table's rows is often wrong, so the bar stops when it is full.
    func bar(width: Int) -> String? {
        guard let table else { return nil }
        let share = table.rows == 0 ? 0 : min(1, Double(rows) / Double(table.rows))
        let full = Int(share * Double(width))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
        return
            "[\(bar)] table \(table.number) of \(tables): \(table.name), chunk \(chunk), \(Amount.count(rows, "row"))"
    }
}

/// Messages for people, apart from the result.
enum StandardError {
    static func print(_ line: String, terminator: String = "\n") {
        var text = line + terminator
        text.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}
