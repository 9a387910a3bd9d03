import MariaDB
import Replication

extension Fact {
    /// Whether the next round may succeed: a table that the user has configured may still be created, or arrive by replication.
    func mayComeAbout(_ error: MySQLError) -> Bool {
        name == .heartbeat && error.isForWantOfTable
    }

    /// Reads the answer. If it cannot be read, only this fact is missing.
    func fill(_ answer: Answer, into facts: inout NodeFacts) {
        do throws(FactError) {
            try read(answer, &facts)
            facts.missing[name] = nil
        } catch {
            facts.missing[name] = error.reason
            facts.unreadable[name] = error.description
        }
    }
}

extension NodeFacts {
    /// Reads the tables of a reply, in the order of the questions.
    /// - Parameter setUp: how many tables precede them.
    /// - Returns: how many questions were answered.
    mutating func take(_ reply: BatchReply, answering asked: [Question], after setUp: Int) -> Int {
        let count = max(0, reply.tableCount - setUp)
        askedAt = askedAt ?? reply.sent.wall
        for (index, question) in asked.prefix(count).enumerated() {
            let answer = Answer(
                reply.table(setUp + index), asked: reply.sent, told: reply.received(table: setUp + index))
            for fact in question.facts { fact.fill(answer, into: &self) }
        }
        return count
    }

    /// Records a refusal, with the grant that would have prevented it.
    mutating func miss(_ fact: Fact, for error: MySQLError) {
        miss(fact, MissingReason(error, asking: fact.name), NodeFailure(error, refusing: fact).message)
    }

    mutating func miss(_ fact: Fact, _ reason: MissingReason, _ text: String) {
        missing[fact.name] = reason
        unreadable[fact.name] = text
    }

    mutating func miss(_ question: Question, _ reason: MissingReason, _ text: String) {
        for fact in question.facts { miss(fact, reason, text) }
    }

    /// Why the node is not up although it answered.
    func essentialFailure(of refused: [FactName: MySQLError], _ dialect: Dialect?) -> NodeFailure? {
        guard var failure = missingEssential(of: refused, dialect) else { return nil }
        if let versionBehind {
            failure.message += "; it announces \(identity.version.text) and is \(versionBehind): \(Self.between)"
        }
        return failure
    }

    /// What a version that is not the announced one means, and what to do about it.
    private static let between =
        "a proxy stands between, such as ProxySQL; configure the servers behind it, each by its own address"

    private func missingEssential(of refused: [FactName: MySQLError], _ dialect: Dialect?) -> NodeFailure? {
        for name in [FactName.identity, .replicationStatus] where missing[name] != nil {
            guard let error = refused[name], let fact = dialect?.fact(name) else {
                return NodeFailure(
                    reason: missing[name] == .timeout ? .timeout : .protocol,
                    message: unreadable[name] ?? "\(name.rawValue) could not be read")
            }
            return NodeFailure(error, refusing: fact)
        }
        return nil
    }
}
