/// What a fault server does next on a connection, including what a real server would never do.
package enum Step: Sendable, Equatable {
    /// Sends a packet with this payload, under the next sequence number.
    case packet([UInt8])
    /// Sends these bytes as they are: no header, no sequence number.
    case bytes([UInt8])
    /// Sends a packet with this payload again and again, until the client is gone.
    case endless([UInt8])
    /// Sends these bytes again and again, as they are, until the client is gone.
    case flood([UInt8])
    /// From here on, sends one byte at a time and waits this long before each.
    case drip(milliseconds: Int32)
    /// Waits for the client's next packet, and records it.
    case receive
    /// Sends nothing more, and reads whatever arrives, until the client is gone.
    case silence
    /// Neither sends nor reads, until the client is gone.
    case deafness
    /// Continues when the gate is opened.
    case wait(Gate)
    /// Sends nothing more and shuts down its sending side, as when closing; reads whatever arrives, until the client is
    /// gone.
    case end
    case close
}

/// What a fault server sends, and in reply to what.
package struct Script: Sendable {
    /// Before the first query. Connections are counted from 0.
    package var greeting: @Sendable (_ connection: Int) -> [Step]
    /// After each packet with a query (COM_QUERY).
    package var answer: @Sendable (Query) -> [Step]

    package init(
        greeting: @escaping @Sendable (_ connection: Int) -> [Step] = { _ in Step.welcome() },
        answer: @escaping @Sendable (Query) -> [Step]
    ) {
        self.greeting = greeting
        self.answer = answer
    }

    /// A well-behaved server: every statement of a query gets its reply, up to the first that is refused.
    package static func replying(
        version: String = Step.defaultVersion, _ reply: @escaping @Sendable (_ statement: String) -> Reply
    ) -> Script {
        Script(greeting: { _ in Step.welcome(version: version) }, answer: { $0.steps(reply) })
    }

    /// Every connection gets these steps and nothing else.
    package static func saying(_ steps: [Step]) -> Script {
        Script(greeting: { _ in steps }, answer: { _ in [.close] })
    }
}

/// One COM_QUERY packet.
package struct Query: Sendable {
    /// Counted from 0, as are `number` and the connections.
    package let connection: Int
    /// Index among the queries of its connection.
    package let number: Int
    package let text: String

    /// The statements that it carries, expected on a line each, as the exporter sends them.
    package var statements: [String] {
        var statements: [String] = []
        var rest = Substring(text)
        while let end = rest.firstRange(of: ";\n") {
            statements.append(String(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return statements + [String(rest)]
    }

    /// The packets of a well-behaved server.
    /// - Parameter announcesMore: say of the last reply as well that another one follows, as no well-behaved server does.
    package func steps(announcingMore announcesMore: Bool = false, _ reply: (_ statement: String) -> Reply) -> [Step] {
        var steps: [Step] = []
        let statements = statements
        for (index, statement) in statements.enumerated() {
            let answer = reply(statement)
            steps += answer.steps(moreFollow: announcesMore || index < statements.count - 1)
            if answer.endsBatch { break }
        }
        return steps
    }
}

/// The answer to one statement.
package enum Reply: Sendable, Equatable {
    /// The statement returns no rows.
    case ok
    /// The statement returns no rows, and changed this many.
    case changed(UInt64)
    case table(columns: [String], rows: [[String?]])
    case refusal(code: UInt16, sqlState: String, message: String)
    /// Anything else; ends the batch.
    case steps([Step])

    /// Error 1064: a server's answer to a statement that it does not know.
    package static let syntaxError = refusal(
        code: 1064, sqlState: "42000", message: "You have an error in your SQL syntax")

    var endsBatch: Bool {
        switch self {
        case .ok, .changed, .table: false
        case .refusal, .steps: true
        }
    }

    func steps(moreFollow: Bool) -> [Step] {
        switch self {
        case .ok: [.packet(Payload.ok(moreFollow: moreFollow))]
        case .changed(let rows): [.packet(Payload.ok(affectedRows: rows, moreFollow: moreFollow))]
        case .table(let columns, let rows):
            Payload.table(columns: columns, rows: rows, moreFollow: moreFollow).map(Step.packet)
        case .refusal(let code, let sqlState, let message):
            [.packet(Payload.error(code: code, sqlState: sqlState, message: message))]
        case .steps(let steps): steps
        }
    }
}
