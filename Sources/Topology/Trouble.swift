import Replication

/// Something that a DBA should know about, in words.
package struct Trouble: Sendable, Equatable {
    package enum Severity: String, Sendable, Comparable {
        case warning, critical

        package static func < (left: Severity, right: Severity) -> Bool { left == .warning && right == .critical }
    }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    package var severity: Severity { kind.severity }
}

extension SetFindings {
    /// What concerns the set as a whole.
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        // Without quorum, that says it all.
        if case .none = writing.writers, clusters.allSatisfy({ !$0.components.isEmpty }) {
            troubles.append(Trouble(.noPrimary, "no node is writable"))
        }
        let rivals = rivals
        if !rivals.isEmpty {
            troubles.append(
                Trouble(.severalWriters, "\(rivals.count) nodes take writes: \(rivals.joined(separator: ", "))"))
        } else if case .unknown(let reason) = writing.writers, nodes.allSatisfy(\.report.isUp) {
            troubles.append(Trouble(.noPrimary, "no primary: \(reason)"))
        }
        let writable = nodes.map(\.description.name).filter { writing.standings[$0]?.isWritableReplica == true }
        if !writable.isEmpty {
            troubles.append(
                Trouble(
                    .writableReplica,
                    "\(writable.list) \(writable.count == 1 ? "replicates and is" : "replicate and are") writable; "
                        + "set read_only"))
        }
        return troubles + clusters.flatMap(\.troubles) + duplicates.map(\.trouble)
    }
}

extension SetFindings {
    /// Nodes that take writes at the same time and must not, in configuration order. Not among them: replicas of the
    /// writer on which `read_only` was left off, and the sources of one replica.
    package var rivals: [String] {
        let inConflict = writing.besideCluster.union(writing.conflicts.flatMap(\.nodes))
        let rivals = nodes.map(\.description.name).filter { name in
            guard let standing = writing.standings[name], standing.isAnswering else { return false }
            return standing.isWritable == true && inConflict.contains(name)
        }
        return writing.conflicts.isEmpty && rivals.count == 1 ? [] : rivals
    }
}

extension NodeFindings {
    /// What concerns the node itself; its channels have their own troubles.
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        if let failure = report.failure {
            let kind = report.troubleOfBeingDown
            let what =
                kind == .connectionLimit
                ? "is alive, but refuses the exporter another connection" : failure.reason.rawValue
            troubles.append(Trouble(kind, "\(what): \(failure.message)"))
        }
        for channel in absentChannels {
            let what = channel.isEmpty ? "does not replicate" : "has no channel \(channel.debugDescription)"
            troubles.append(Trouble(.channelAbsent, "\(what), although a source is configured for it"))
        }
        guard let facts = report.facts else { return troubles }
        for (fact, reason) in facts.missing.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        // Of a node that is down for want of a privilege, that says it all.
        where reason.isTrouble && report.failure == nil {
            let why = facts.unreadable[fact].map { ": \($0)" } ?? ""
            troubles.append(Trouble(.factMissing, "cannot read \(fact.rawValue) (\(reason.rawValue))\(why)"))
        }
        if let behind = facts.versionBehind, report.failure == nil {
            troubles.append(
                Trouble(
                    .proxied,
                    "announces version \(facts.identity.version.text) and is \(behind): a proxy stands between, and may answer for "
                        + "another server at any time; configure the servers behind it"))
        }
        if isCutOff {
            let sources = channels.map(\.channel.source.description)
            troubles.append(Trouble(.cutOff, "is read-only and receives nothing: it replicates from \(sources.list)"))
        }
        if let unserved = unservedReplicas, !unserved.isEmpty, let end = report.whyChangesEnd {
            let never = unserved.count == 1 ? "never gets it" : "never get it"
            troubles.append(Trouble(.changesNotLogged, "\(end), so \(unserved.list) \(never)"))
        }
        troubles += clusterTroubles
        if facts.semiSync?.isSourceEnabled == true, facts.semiSync?.isSourceActive == false, role == .primary {
            troubles.append(Trouble(.semiSyncDegraded, "semi-synchronous replication has fallen back to asynchronous"))
        }
        return troubles
    }
}

extension ChannelFindings {
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        func add(_ kind: Trouble.Kind, _ text: String) { troubles.append(Trouble(kind, text)) }
        if checks[.source] == false {
            add(.wrongSource, wrongSource)
        }
        if isSourceOutside, !isParked, let sourceNode {
            add(
                .sourceOutside,
                "its source, \(sourceNode), is not in its cluster, and gets nothing that is written there"
            )
        }
        if let logLoss {
            add(.binaryLogMissing, logLoss.words)
        } else if checks[.binaryLog] == false {
            add(.binaryLogMissing, missingLog)
        }
        if logLoss == nil, let lead = leads.first {
            add(.errantTransactions, lead.words)
        }
        if channel.ioThread != .running, !isParked {
            let isByHand = channel.ioThread == .stopped && !channel.ioError.isError
            add(
                isByHand ? .receiverStopped : .receiverFailing,
                "IO thread \(channel.ioThread.rawValue)\(attempts)\(channel.ioError.suffix)")
        }
        if isParked {
            // Whatever its threads say.
        } else if channel.applierError.isError {
            let state = channel.isApplierRunning ? "has an error" : "stopped"
            add(.applierFailing, "SQL thread \(state)\(channel.applierError.suffix)")
        } else if !channel.isApplierRunning {
            add(.applierStopped, "SQL thread stopped")
        }
        if channel.ioThread == .running, checks[.transfer] == false,
            let silence = stall?.silence ?? channel.sourceSilence
        {
            let time = (0..<1e9).contains(silence) ? "\(Int64(saturating: silence.rounded(.down))) s" : "a long time"
            let sign = stall == nil ? "" : ", and its binary log has gone on"
            add(.sourceSilent, "nothing has arrived from the source for \(time)\(sign)")
        }
        if channel.isRelayLogFull, !isParked {
            add(
                .relayLogFull,
                "waits for its own SQL thread: the relay log has reached relay_log_space_limit, and nothing more is read from the source"
            )
        }
        if let errant, errant > 0 {
            let count = errant == 1 ? "1 errant transaction" : "\(errant) errant transactions"
            let bound = isErrantAtLeast ? "at least " : ""
            add(.errantTransactions, bound + count + (errantTransactions.map { ": \($0)" } ?? ""))
        }
        if checks[.lag] == false { add(.lag, "does not keep up") }
        return troubles
    }
}

extension ChannelFindings {
    /// What was found, and what was intended.
    private var wrongSource: String {
        let intended = intendedSource.map { $0 == NodeDescription.outside ? "a server outside the set" : $0 }
        let found: String
        if channel.source.isDetached {
            // Whatever it once knew of its source.
            found = channel.source.host.isEmpty ? "nowhere" : "\(channel.source), which leads nowhere,"
        } else if let sourceNode {
            found = "\(sourceNode) (\(channel.source))"
        } else if let id = channel.source.serverID {
            found = "\(channel.source) (server_id \(id)), which is not a node of the set,"
        } else {
            found = "\(channel.source), which is not a node of the set,"
        }
        return "replicates from \(found) instead of \(intended ?? "the intended source")"
    }

    /// How often it has tried to connect, where that says something: to a thread that was stopped by hand, it does not.
    private var attempts: String {
        guard let connects = channel.connects, connects.tried > 0 else { return "" }
        if channel.ioThread == .connecting { return ", tried \(connects.tried) times" }
        guard channel.ioThread == .stopped, let limit = connects.limit, connects.tried >= limit else { return "" }
        return ", gave up after \(connects.tried) tries (Master_Retry_Count)"
    }

    private var missingLog: String {
        if isSourceWithoutLog { return "the source has no binary log" }
        if channel.usesGTID == true { return "the source has purged transactions that the replica needs" }
        return "the source does not have the binary log \(channel.readPosition?.file.name ?? "that the replica reads")"
    }
}

extension GTIDLead {
    fileprivate var words: String {
        let less = source.map { "only \($0)" } ?? "nothing in domain \(replica.domain)"
        if !isPast { return "is ahead of its source: it has \(replica), the source \(less)" }
        return
            "was ahead of its source: it had \(replica), the source \(less), and what the source has written since under the same "
            + "numbers may never arrive; \(LogLoss.remedy)"
    }
}

extension Channel.SourceIdentity: CustomStringConvertible {
    package var description: String { host.isEmpty ? "nowhere" : "\(host):\(port)" }
}

extension Channel.ThreadError? {
    var isError: Bool { self.map { $0.number > 0 } ?? false }

    /// To end a sentence with: the server's own text, on one line.
    var suffix: String {
        guard let self, self.number > 0 else { return "" }
        let text = self.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return ": error \(self.number)" + (text.isEmpty ? "" : ": \(text)")
    }
}
