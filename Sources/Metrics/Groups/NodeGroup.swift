import Exposition
import Replication
import Topology

private let failures = OneHot<NodeFailure.Reason>("reason")
private let roles = OneHot<NodeRole>("role")
private let parts = OneHot<DurablePart>("part")
private let success: LabelBlock = ["result": "success"]
private let failure: LabelBlock = ["result": "failure"]
private let binlogFilters = OneHot<BinlogFilter>("filter")

extension Families {
    mutating func add(_ node: NodeFindings, _ labels: LabelBlock) {
        let report = node.report
        add(.up, labels, report.isUp)
        if let reason = report.failure?.reason { add(.nodeFailure, labels, 1, extra: failures[reason]) }
        add(.nodeCollectDuration, labels, report.duration)
        add(.nodeRoundTrips, labels, report.roundTrips)
        if let connects = report.connects {
            add(.nodeConnects, labels, connects.successes, extra: success)
            add(.nodeConnects, labels, connects.failures, extra: failure)
        }
        add(.nodeRole, labels, oneOf: roles, node.role)
        add(.heartbeatAge, labels, node.heartbeatAge)
        guard let facts = report.facts else { return }

        for (fact, reason) in facts.missing.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            add(.nodeFactMissing, labels, 1, extra: ["fact": fact.rawValue, "reason": reason.rawValue])
        }
        addIdentity(facts, at: node.description.address, labels)
        add(.nodeReadOnly, labels, facts.isReadOnly)
        add(.nodeSuperReadOnly, labels, facts.isSuperReadOnly)
        add(.nodeStartTime, labels, facts.startTime)
        add(.nodeClockOffset, labels, facts.clockOffset)
        add(.nodeConnectedReplicas, labels, facts.connectedReplicas)
        add(.nodeUnservedReplicas, labels, node.unservedReplicas?.count)
        for (part, label) in parts.labels { add(.nodeDurable, labels, facts.durability[part], extra: label) }
        if let transactions = facts.transactions {
            switch transactions {
            case .set: add(.gtidExecuted, labels, transactions.count)
            case .positions: add(.gtidSequence, labels, transactions.count)
            }
            add(.gtidTransactions, labels, transactions.count)
        }
        if let log = facts.binaryLog { add(log, labels) }
        if let semiSync = facts.semiSync { add(semiSync, labels) }
        if let checksums = facts.checksums { add(checksums, isReplica: node.isReplica, labels) }
    }

    /// On the source every chunk trivially equals itself.
    private mutating func add(_ checksums: ChecksumResults, isReplica: Bool, _ labels: LabelBlock) {
        add(.checksumLastRun, labels, checksums.lastRun)
        guard isReplica, let summary = checksums.summary else { return }
        add(.checksumTables, labels, summary.tableCount)
        add(.checksumAge, labels, summary.age)
        for table in summary.tables.firstOfEach({ [$0.database, $0.table] }) {
            let label: LabelBlock = ["database": table.database, "table": table.table]
            add(.checksumDifferences, labels, table.differences, extra: label)
            add(.checksumPending, labels, table.pending, extra: label)
        }
    }

    private mutating func addIdentity(_ facts: NodeFacts, at address: Address, _ labels: LabelBlock) {
        let identity = facts.identity
        guard let id = identity.serverID else { return }
        add(
            .nodeInfo, labels, 1,
            extra: LabelBlock(room: 256) {
                $0.add("address", address.description)
                $0.add("hostname", identity.hostname)
                $0.add("server_id", "\(id)")
                $0.add("server_uuid", identity.serverUUID ?? "")
                $0.add("flavor", identity.flavor.rawValue)
                $0.add("version", identity.version.text)
                // Not "service": Kubernetes gives that label to its targets.
                $0.add("managed_service", facts.service?.rawValue ?? "")
            })
    }

    private mutating func add(_ log: BinaryLog, _ labels: LabelBlock) {
        add(.binlogEnabled, labels, log.isEnabled)
        guard let end = log.end else { return }
        add(.binlogFileNumber, labels, end.file.number)
        add(.binlogPosition, labels, end.position)
        add(.binlogFiles, labels, log.index?.count)
        add(.binlogSize, labels, log.size)
        add(.binlogRetention, labels, log.retention)
        for (filter, label) in binlogFilters.labels { add(.binlogFilters, labels, log.filters[filter], extra: label) }
    }

    private mutating func add(_ semiSync: SemiSync, _ labels: LabelBlock) {
        add(.semiSyncSourceEnabled, labels, semiSync.isSourceEnabled)
        add(.semiSyncSourceActive, labels, semiSync.isSourceActive)
        add(.semiSyncSourceClients, labels, semiSync.clients)
        add(.semiSyncSourceUnacknowledged, labels, semiSync.unacknowledged)
        add(.semiSyncReplicaActive, labels, semiSync.isReplicaActive)
    }
}

extension BinaryLog {
    /// Bytes from the start of the oldest file to this round's end position; the list of files may be from an earlier
    /// round.
    fileprivate var size: UInt64? {
        guard let end, let index else { return nil }
        return index.bytesHeld(before: end)
    }
}
