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

    /// The end of its binary log was read again, after the first look at all nodes.
    package func logAskedAgain() -> Self { with { $0.binaryLogRead = .look(2) } }

    /// Its log and its channels were read at the first look at all nodes.
    package func looked() -> Self {
        with {
            $0.binaryLogRead = .look(1)
            $0.channelsRead = .look(1)
        }
    }

    /// Its transactions were read again: this is what the first look showed.
    package func first(_ look: Self) -> Self {
        with { facts in
            facts.firstTransactions = look.report.facts?.transactions.map { TransactionsReading($0, read: .look(1)) }
            facts.transactionsRead = .look(2)
        }
    }

    /// What it said a round ago.
    package func after(_ round: Self) -> Self {
        var node = self
        let earlier = round.with {
            $0.channelsRead = .look(0)
            $0.binaryLogRead = .look(0)
            $0.transactionsRead = .look(0)
        }
        node.earlier = earlier.report.box
        return node
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

extension ReplicationSetReport.Node {
    /// Where its log ends and what its channels are were read at this time, in seconds.
    package func read(at time: Double, taking duration: Double = 0.01) -> Self {
        with {
            let reading = Reading.at(time, taking: duration)
            $0.identityRead = reading
            $0.binaryLogRead = reading
            $0.channelsRead = reading
            if $0.transactions != nil { $0.transactionsRead = reading }
        }
    }
}

extension Reading {
    private static let start = ContinuousClock.now

    /// - Parameter time: seconds since some instant.
    package static func at(_ time: Double, taking duration: Double) -> Reading {
        let asked = start + .nanoseconds(Int64(time * 1e9))
        return Reading(asked: asked, told: asked + .nanoseconds(Int64(duration * 1e9)))
    }

    /// The first look at all nodes, and the second at some of them.
    package static func look(_ number: Int) -> Reading {
        Reading(asked: start + .seconds(2 * number), told: start + .seconds(2 * number + 1))
    }
}
