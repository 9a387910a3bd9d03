package import Replication

extension ReplicationSetReport.Node {
    package func with(_ change: (inout NodeFacts) -> Void) -> Self {
        var node = self
        if var facts = node.report.facts {
            change(&facts)
            node.report.facts = facts
        }
        return node
    }

    /// MySQL's executed set: `2:1-100` are the first hundred transactions of `uuidText(2)`.
    package func executed(_ text: String, askedAgain: Bool = false) -> Self {
        with {
            $0.transactions = .set(executed: gtidSet(text), server: nil)
            $0.isSecondLook = askedAgain
            $0.transactionsRead = .look(askedAgain ? 2 : 1)
        }
    }

    /// MariaDB's positions; what is logged is also what is current.
    package func positions(
        replicated: String = "", logged: String = "", state: String = "", askedAgain: Bool = false
    ) -> Self {
        with {
            do {
                $0.transactions = .positions(
                    .init(
                        replicated: try GTIDPosition(parsing: replicated), logged: try GTIDPosition(parsing: logged),
                        current: try GTIDPosition(parsing: logged), state: try GTIDBinlogState(parsing: state)))
            } catch {
                preconditionFailure("\(error)")
            }
            $0.isSecondLook = askedAgain
            $0.transactionsRead = .look(askedAgain ? 2 : 1)
        }
    }

    /// The files that the node holds.
    package func holding(_ files: (String, UInt64)...) -> Self {
        with { $0.binaryLog?.index = binlogIndex(files) }
    }
}

extension Channel {
    package func with(_ change: (inout Channel) -> Void) -> Self {
        var channel = self
        change(&channel)
        return channel
    }
}

extension Reading {
    private static let start = ContinuousClock.now

    /// The first look at all nodes, and the second at some of them.
    package static func look(_ number: Int) -> Reading {
        Reading(asked: start + .seconds(2 * number), told: start + .seconds(2 * number + 1))
    }
}
