package import FaultServer
package import MariaDB
internal import Synchronization

/// A fault server that goes by a table: a statement is answered as the first entry says whose text it contains, and with OK
/// if there is none.
package final class AnsweringServer: Sendable {
    package typealias Entry = (text: String, reply: Reply)

    package let server: FaultServer
    private let entries: Entries

    private final class Entries: Sendable {
        let all: Mutex<[Entry]>

        init(_ all: [Entry]) { self.all = Mutex(all) }
    }

    package init(_ entries: [Entry]) throws(FaultServerError) {
        let entries = Entries(entries)
        self.entries = entries
        server = try FaultServer(
            Script { query in
                query.steps { statement in
                    entries.all.withLock { $0.first { statement.contains($0.text) }?.reply } ?? .ok
                }
            })
    }

    /// From now on; goes before all other entries.
    package func answer(_ text: String, with reply: Reply) {
        entries.all.withLock { $0.insert((text, reply), at: 0) }
    }

    /// All that it was sent, in the order of arrival.
    package var statements: [String] { server.journal.statements }

    package func session(_ node: String = "db1", _ settings: Session.Settings = .init()) -> Session {
        server.session(node, settings)
    }
}
