package import MariaDB
import Replication

/// One statement, and the facts that its rows contain.
package struct Question: Sendable {
    let facts: [Fact]
    package let statement: String

    /// For people.
    package var name: String { facts.map(\.name.rawValue).joined(separator: ", ") }
}

/// Facts to be asked for, and the batch that asks for them.
package struct Inquiry: Sendable {
    let facts: [Fact]
    package let questions: [Question]
    package let batch: Batch

    /// - Parameters:
    ///   - isMerged: whether facts that can be selected together are, in the position of the first: a statement costs a server
    ///     and the network more than a few columns do. If one of them is refused, all of them are.
    ///   - setUp: statements to send before them.
    init(_ facts: [Fact], isMerged: Bool, setUp: [String] = []) {
        self.facts = facts
        var questions = facts.map { Question(facts: [$0], statement: $0.statement) }
        if isMerged {
            let parts = facts.filter { $0.selected != nil }
            if parts.count > 1 {
                let merged = Question(
                    facts: parts, statement: "SELECT " + parts.compactMap(\.selected).joined(separator: ", "))
                questions = questions.compactMap { question in
                    guard question.facts[0].selected != nil else { return question }
                    return question.facts[0].name == parts[0].name ? merged : nil
                }
            }
        }
        self.questions = questions
        batch = Batch(setUp + questions.map(\.statement))
    }
}

extension Question {
    /// The statement if it is short, otherwise its purpose; for a log line.
    var summary: String {
        facts.count == 1 ? facts[0].summary : "the statement for \(name)"
    }
}
