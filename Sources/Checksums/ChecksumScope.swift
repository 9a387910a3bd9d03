import Replication
import Topology

/// Why nothing is compared; each reason is a sentence.
package struct ChecksumRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package let reasons: [String]

    package init(_ reasons: [String]) { self.reasons = reasons }
    package init(_ reason: String) { reasons = [reason] }

    package var description: String { reasons.joined(separator: "\n") }
}

/// Which nodes are compared with which.
///
/// The statement that computes a chunk's checksum is replicated, and makes each replica compute its own. That is sound
/// only if it arrives as that statement, at the same point among the writes, on every path down; otherwise it is
/// refused.
struct ChecksumScope: Sendable, Equatable {
    let primary: String
    /// In the order of the configuration.
    let replicas: [String]
    /// Replicas that others of them replicate from.
    private let intermediates: [String]

    /// - Parameter leftOut: names of nodes to leave out.
    init(_ set: SetFindings, leavingOut leftOut: Set<String> = []) throws(ChecksumRefusal) {
        let primary: String
        switch set.primary {
        case .node(let name): primary = name
        case .unknown(let reason):
            throw ChecksumRefusal("it cannot be determined which node takes the writes: \(reason)")
        }
        let sources = Dictionary(
            set.nodes.map { ($0.description.name, $0.channels.compactMap(\.sourceNode)) }, uniquingKeysWith: { $1 })
        let compared = set.nodes.filter { $0.description.name != primary && !leftOut.contains($0.description.name) }
        var reasons: [String] = []
        if leftOut.contains(primary) { reasons.append("\(primary) is the source of all others; it cannot be left out") }
        for name in leftOut.sorted() where sources[name] == nil { reasons.append("no node is named \(name)") }
        if compared.isEmpty { reasons.append("there is no replica to compare \(primary) with") }
        let binaryLog = set.node(named: primary)?.report.facts?.binaryLog
        if binaryLog?.isEnabled == false {
            reasons.append("\(primary) writes no binary log, so nothing reaches a replica")
        }
        for node in compared {
            if let reason = Self.reason(against: node, primary: primary, sources: sources) { reasons.append(reason) }
            for source in sources[node.description.name] ?? [] where leftOut.contains(source) {
                reasons.append("\(node.description.name) replicates from \(source), which is left out")
            }
        }
        guard reasons.isEmpty else { throw ChecksumRefusal(reasons) }
        self.primary = primary
        replicas = compared.map(\.description.name)
        let all = Set(replicas.flatMap { sources[$0] ?? [] })
        intermediates = replicas.filter { all.contains($0) }
    }

    private static func reason(
        against node: NodeFindings, primary: String, sources: [String: [String]]
    ) -> String? {
        let name = node.description.name
        guard node.report.isUp else {
            return
                "\(name) is down (\(node.report.failure?.message ?? "it reported nothing")); --without \(name) leaves it out"
        }
        var above: Set<String> = []
        var pending = [name]
        while let next = pending.popLast() {
            for source in sources[next] ?? [] where above.insert(source).inserted { pending.append(source) }
        }
        guard above.contains(primary) else {
            return "\(name) does not replicate from \(primary); --without \(name) leaves it out"
        }
        guard node.isUnfiltered else {
            return
                "a replication filter holds back part of what \(name) should get: what is filtered cannot be compared, and "
                + "a statement that reads it would stop the replica"
        }
        return nil
    }

    /// Server settings that make a comparison unsound or would break a replica.
    func reasons(against variables: [String: ServerVariables]) -> [String] {
        var reasons: [String] = []
        for name in [primary] + replicas {
            guard let node = variables[name] else {
                reasons.append("\(name) did not report its settings")
                continue
            }
            if node.isGaleraNode { reasons.append("\(name) is a Galera node, which supports only row format") }
        }
        for name in intermediates {
            guard let node = variables[name], node.binlogFormat != "STATEMENT" else { continue }
            reasons.append(
                """
                \(name) has replicas and writes its binary log in format \(node.binlogFormat): its replicas would \
                receive its results as rows, and their own data would never be checked; --without leaves them out
                """)
        }
        for name in replicas {
            guard let node = variables[name], node.readsWithoutLocks else { continue }
            if node.binlogFormat == "STATEMENT", node.logsWhatItApplies {
                reasons.append(
                    "\(name) has transaction isolation \(node.isolation) and binlog_format STATEMENT: its applier would stop"
                )
            } else if node.appliesAhead {
                reasons.append(
                    """
                    \(name) has transaction isolation \(node.isolation) and applies in parallel mode \
                    \(node.parallelMode): it could read a chunk before an earlier write to it is done
                    """)
            }
        }
        return reasons
    }
}
