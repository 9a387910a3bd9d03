import Replication

/// Something that a DBA should know of, in words.
package struct Trouble: Sendable, Equatable {
    package enum Severity: String, Sendable, Comparable {
        case warning, critical

        package static func < (left: Severity, right: Severity) -> Bool { left == .warning && right == .critical }
    }

    package var severity: Severity
    package var text: String

    package init(_ severity: Severity, _ text: String) {
        self.severity = severity
        self.text = text
    }
}

extension SetFindings {
    /// What concerns the set as a whole.
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        let known = nodes.filter { $0.report.isUp && $0.report.facts?.isReadOnly != nil }
        let writable = known.filter { $0.report.isUp && $0.report.facts?.isReadOnly == false }
            .map(\.description.name)
        if writable.isEmpty, known.count == nodes.count { troubles.append(Trouble(.critical, "no node is writable")) }
        // Two primaries are in order only where somebody replicates from several.
        let isMultiSource = nodes.contains { $0.channels.count > 1 }
        let arePrimaries = nodes.allSatisfy { !writable.contains($0.description.name) || $0.role == .primary }
        if writable.count > 1, !(isMultiSource && arePrimaries) {
            troubles.append(
                Trouble(.warning, "\(writable.count) nodes are writable: \(writable.joined(separator: ", "))"))
        }
        for id in duplicateServerIDs { troubles.append(Trouble(.critical, "more than one node has server_id \(id)")) }
        return troubles
    }
}

extension NodeFindings {
    /// What concerns the node itself; its channels have their own.
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        if let failure = report.failure {
            troubles.append(Trouble(.critical, "\(failure.reason.rawValue): \(failure.message)"))
        }
        for channel in absentChannels {
            let name = channel.isEmpty ? "" : " \(channel.debugDescription)"
            troubles.append(Trouble(.critical, "does not replicate, although a source is intended\(name)"))
        }
        guard let facts = report.facts else { return troubles }
        for (fact, reason) in facts.missing.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where report.failure == nil || fact != .replicationStatus {
            let why = facts.unreadable[fact].map { ": \($0)" } ?? ""
            troubles.append(Trouble(.warning, "cannot read \(fact.rawValue) (\(reason.rawValue))\(why)"))
        }
        if facts.semiSync?.isSourceEnabled == true, facts.semiSync?.isSourceActive == false, role == .primary {
            troubles.append(Trouble(.warning, "semi-synchronous replication has fallen back to asynchronous"))
        }
        return troubles
    }
}

extension ChannelFindings {
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        func add(_ severity: Trouble.Severity, _ text: String) { troubles.append(Trouble(severity, text)) }
        if checks[.source] == false {
            add(.critical, "replicates from \(channel.source), which is not the intended source")
        }
        if checks[.binaryLog] == false {
            add(
                .critical,
                "the source does not have the binary log \(channel.readPosition?.file.name ?? "that is read")")
        }
        if channel.ioThread != .running {
            add(.critical, "IO thread \(channel.ioThread.rawValue)\(channel.ioError.said)")
        }
        if !channel.isApplierRunning { add(.critical, "SQL thread stopped\(channel.applierError.said)") }
        if channel.ioThread == .running, checks[.transfer] == false, let silence = channel.sourceSilence {
            let time = (0..<1e9).contains(silence) ? "\(Int64(saturating: silence.rounded(.down))) s" : "a long time"
            add(.critical, "nothing has arrived from the source for \(time)")
        }
        if let errant, errant > 0 {
            add(.warning, errant == 1 ? "1 errant transaction" : "\(errant) errant transactions")
        }
        if checks[.lag] == false { add(.warning, "does not keep up") }
        return troubles
    }
}

extension Channel.SourceIdentity: CustomStringConvertible {
    package var description: String { host.isEmpty ? "nowhere" : "\(host):\(port)" }
}

extension Channel.ThreadError? {
    /// For the end of a sentence. The server's own text, on one line.
    fileprivate var said: String {
        guard let self, self.number > 0 else { return "" }
        let text = self.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return ": error \(self.number)" + (text.isEmpty ? "" : " \(text)")
    }
}
