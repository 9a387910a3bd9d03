/// Statements whose results are wanted together.
package struct Batch: Sendable {
    package let statements: [String]
    /// All of them, for a connection that sends batches.
    package let text: String

    package init(_ statements: [String]) {
        self.statements = statements
        text = statements.joined(separator: ";\n")
    }

    package var count: Int { statements.count }
}

/// What came back for a batch, in the order of its statements.
package struct BatchReply: Sendable {
    package struct Refusal: Sendable {
        /// Place in the batch.
        package let statement: Int
        package let error: MySQLError
        /// The server's id of the connection, if the deadline passed while this statement was under way: the server may
        /// go on with it although the connection is closed.
        package var unanswered: UInt32?
    }

    private let cells: CellBuffer
    private let places: [TablePlace]
    /// Taken on the connection's thread, before the first byte was sent and after the last had come.
    package let sent: Moment
    package let received: Moment
    /// The statement that ended the batch before its time.
    package let refusal: Refusal?

    init(cells: CellBuffer, places: [TablePlace], sent: Moment, received: Moment, refusal: Refusal?) {
        self.cells = cells
        self.places = places
        self.sent = sent
        self.received = received
        self.refusal = refusal
    }

    /// When the last row of a table had come: a later statement may have taken its time.
    package func received(table: Int) -> Moment { places[table].ended ?? received }

    /// Made anew at every look.
    package var tables: [ResultTable] { places.map { ResultTable($0, in: cells) } }
    package var tableCount: Int { places.count }
    package func table(_ table: Int) -> ResultTable { ResultTable(places[table], in: cells) }
}
