package import Replication
package import Topology

extension CatchUp {
    /// The preferred node as a replica of the standby. If it does not replicate from the standby nothing is known,
    /// unless the standby replicates from it and has stayed read-only.
    /// - Parameter latest: the standby's report when it was asked again after these findings; nil if it was not.
    package init(
        _ set: SetFindings, of preferred: String, with standby: String, latest: NodeReport? = nil
    ) {
        self.init()
        guard let node = set.node(named: preferred),
            let other = set.node(named: standby)
        else { return }
        let channel = node.channels.first { $0.sourceNode == standby }
        defer {
            if hasAll == nil || (lag == nil && !isOneWay) { obstacle = obstacle(node, channel, other) }
        }
        if let channel {
            // Equal numbers are not the same transactions then, and a position says nothing.
            if channel.hasLost { return }
            // With a stopped thread, what it is late by now says nothing about when it will have caught up.
            if !channel.isStopped { lag = channel.lag?.limiting }
            bytes = channel.applyDelta
        } else {
            isOneWay = other.isReadOnly && other.channels.contains { $0.sourceNode == preferred }
            guard isOneWay else { return }
        }
        guard other.report.facts?.recordsOwnWrites == true, let here = node.report.facts?.transactions,
            let there = other.report.facts?.transactions
        else { return }
        let possession = here.possession(
            of: there, latest: latest?.facts?.transactions, between: node.report.facts?.identity,
            and: other.report.facts?.identity)
        missing = possession.missing
        isAhead = possession.isAhead
        // For a channel that is only waiting for its source to come back, what it lacks is what it is late by.
        if lag == nil, missing == 0, !isAhead, let channel, channel.channel.ioThread == .connecting,
            channel.channel.isApplierRunning == true
        {
            lag = 0
        }
    }
}

extension CatchUp {
    private func obstacle(_ node: NodeFindings, _ channel: ChannelFindings?, _ other: NodeFindings) -> String? {
        var obstacles: [String] = []
        func add(_ node: NodeFindings, _ troubles: [Trouble]) {
            obstacles += troubles.map { "\(node.description.name): \($0.text)" }
        }
        add(node, node.troubles)
        if let channel {
            add(node, channel.troubles)
        } else if !isOneWay, node.report.facts?.channels != nil {
            obstacles.append("\(node.description.name) does not replicate from \(other.description.name)")
        }
        add(other, other.troubles)
        return obstacles.isEmpty ? nil : obstacles.joined(separator: "; ")
    }
}

/// Which of another node's transactions a node has.
struct Possession: Sendable, Equatable {
    /// At least how many it lacks, whichever server wrote them: for MariaDB one of each server in each domain. Nil if the two
    /// cannot be compared.
    var missing: UInt64?
    /// It has some of the other's transactions that the other itself has not shown. Either the other was asked too
    /// early, or its log has started over: then equal numbers are not the same transactions, and nothing is known to be
    /// there.
    var isAhead = false
}

extension TransactionHistory {
    /// Which of another node's transactions this node has.
    /// - Parameters:
    ///   - latest: the other's history when it was asked again after this one; nil if it was not.
    ///   - own: this node's identity.
    ///   - others: the other's identity.
    func possession(
        of other: TransactionHistory, latest: TransactionHistory? = nil, between own: ServerIdentity? = nil,
        and others: ServerIdentity? = nil
    ) -> Possession {
        switch (self, other, latest ?? other) {
        case (.set(let here, _), .set(let there, _), .set(let latest, _)):
            let more = here.subtracting(latest)
            let isAhead =
                others?.serverUUID.flatMap(ServerUUID.init).map { more.excluding([$0]).count < more.count } ?? false
            return Possession(missing: there.subtracting(here).count, isAhead: isAhead)
        case (.positions(let here), .positions(let there), .positions(let latest)):
            return here.possession(of: there, latest: latest, own: own?.serverID, other: others?.serverID)
        default: return Possession()
        }
    }
}

extension TransactionHistory.Positions {
    /// Two nodes that replicate from each other write into the same domain, and a MariaDB server's own transactions
    /// never enter its `gtid_slave_pos`. So each writer of a domain is compared separately, and counts as present if
    /// either the binary log or the position has it.
    ///
    /// A position proves that everything before it was applied only for the log that it is a position in: one that was
    /// replicated from elsewhere, or from a log that has since started over, may have any number and contain nothing of
    /// this one.
    fileprivate func possession(
        of there: Self, latest: Self, own: UInt32?, other: UInt32?
    ) -> Possession {
        var missing: UInt64 = 0
        var isComparable = true
        var possession = Possession()
        for gtid in there.state.entries {
            let logged = state[gtid.domain, gtid.server]
            if let logged, logged >= gtid.sequence {
                if gtid.server == other, logged > latest.state[gtid.domain, gtid.server] ?? 0 {
                    possession.isAhead = true
                }
                continue
            }
            // What it wrote itself is in its binary log, unless a crash has cut off the log's end.
            if gtid.server == own, logged != nil {
                missing += 1
                continue
            }
            guard let position = replicated[gtid.domain], position.sequence >= gtid.sequence else {
                missing += 1
                continue
            }
            // The position is a third server's transaction, which may have arrived by a path other than the standby:
            // the numbers do not show how it relates to this one. If replicated transactions are logged, the log does.
            if position.server != gtid.server, position.server != other {
                if state[position.domain, position.server] ?? 0 >= position.sequence {
                    missing += 1
                } else {
                    isComparable = false
                }
                continue
            }
            let shown = latest.state[position.domain, position.server]
            if let shown, shown >= position.sequence {
                // The newest transaction of the domain comes after every other position in that log, whatever its
                // number.
                if gtid == there.logged[gtid.domain], position != gtid,
                    there.state[position.domain, position.server] ?? 0 >= position.sequence
                {
                    missing += 1
                }
            } else if shown != nil || position.server == other {
                possession.isAhead = true
            } else {
                isComparable = false
            }
        }
        // What is known to be missing counts, whatever else cannot be known.
        possession.missing = missing > 0 || isComparable ? missing : nil
        return possession
    }
}

extension GTIDBinlogState {
    /// The number of a server's last transaction in a domain.
    fileprivate subscript(domain: UInt32, server: UInt32) -> UInt64? {
        entries.first { $0.domain == domain && $0.server == server }?.sequence
    }
}
