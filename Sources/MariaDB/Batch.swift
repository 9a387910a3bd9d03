/// Statements that are sent together and whose results are read together.
package struct Batch: Sendable {
    package let statements: [String]
    /// All statements in one text, for a connection that sends batches.
    package let text: String
    /// It is one CALL: what the procedure selects comes first, and after all that the result of the CALL itself, so that there are more
    /// results than statements.
    package let isCall: Bool

    package init(_ statements: [String]) {
        self.statements = statements
        text = statements.joined(separator: ";\n")
        isCall = false
    }

    /// A stored procedure of the server's own. It cannot share a batch: how many results it has is not known.
    package init(calling statement: String) {
        statements = [statement]
        text = statement
        isCall = true
    }

    /// The most results of a CALL that are read.
    static let mostResults = 8

    package var count: Int { statements.count }
}

/// What came back for a batch, in the order of its statements.
package struct BatchReply: Sendable {
    package struct Refusal: Sendable {
        /// Its index in the batch.
        package let statement: Int
        package let error: MySQLError
        /// The server's id of the connection, if the deadline passed while this statement was running: the server may still
        /// be executing it although the connection is closed.
        package var unanswered: UInt32?
    }

    private let cells: CellBuffer
    private let places: [TablePlace]
    /// Taken on the connection's thread, before the first byte was sent and after the last one arrived.
    package let sent: Moment
    package let received: Moment
    /// The statement that ended the batch early.
    package let refusal: Refusal?

    init(cells: CellBuffer, places: [TablePlace], sent: Moment, received: Moment, refusal: Refusal?) {
        self.cells = cells
        self.places = places
        self.sent = sent
        self.received = received
        self.refusal = refusal
    }

    /// When the last row of a table arrived: a later statement in the batch may have taken long.
    package func received(table: Int) -> Moment { places[table].ended ?? received }

    /// Built again on every access.
    package var tables: [ResultTable] { places.map { ResultTable($0, in: cells) } }
    package var tableCount: Int { places.count }
    package func table(_ table: Int) -> ResultTable { ResultTable(places[table], in: cells) }
}
