internal import Replication
internal import MariaDB
internal import Topology

/// The node that a probe may write to now, or why there is none. Fails closed.
package enum WriteTarget: Sendable, Equatable {
    case node(WritableNode)
    /// A sentence for people.
    case nobody(String)

    /// Findings older than this do not show which node may be written to.
    package static let longestTrust = Duration.seconds(10)
    /// Findings older than this are renewed, well before `longestTrust`.
    package static let renewal = Duration.seconds(4)
    /// How long a renewal waits for nodes that hang: with this and `renewal`, the findings about the others stay well within
    /// `longestTrust`, whatever the nodes' own timeouts are.
    package static let patience = Duration.seconds(2)

    package init(_ view: SetView?, at now: ContinuousClock.Instant) {
        guard let view else {
            self = .nobody("the nodes have not been asked yet")
            return
        }
        guard view.asked.duration(to: now) <= Self.longestTrust else {
            self = .nobody("the nodes have not answered for more than \(Self.longestTrust.components.seconds) seconds")
            return
        }
        switch view.findings.primary {
        case .unknown(let reason): self = .nobody(reason)
        case .node(let name):
            guard let node = view.findings.node(named: name),
                let facts = node.report.facts, let server = facts.identity.serverID, server != 0,
                let offset = facts.clockOffset
            else {
                self = .nobody("\(name) does not report its server_id and its clock")
                return
            }
            self = .node(
                WritableNode(name: name, serverID: server, serverUUID: facts.identity.serverUUID, clockOffset: offset))
        }
    }
}

/// The primary of a set, and how to recognise it.
package struct WritableNode: Sendable, Equatable {
    package let name: String
    package let serverID: UInt32
    /// MySQL only.
    package let serverUUID: String?
    /// Its clock minus the exporter's, seconds.
    package let clockOffset: Double

    package init(name: String, serverID: UInt32, serverUUID: String? = nil, clockOffset: Double = 0) {
        self.name = name
        self.serverID = serverID
        self.serverUUID = serverUUID
        self.clockOffset = clockOffset
    }
}

extension WritableNode {
    /// Whether it is the same server with the same name; its clock may have moved.
    func isSame(as other: WritableNode) -> Bool {
        name == other.name && serverID == other.serverID && serverUUID == other.serverUUID
    }

    /// A deadline by the server's clock, epoch seconds.
    func latest(_ deadline: ContinuousClock.Instant) -> Double {
        Double(WallClock.microseconds()) / 1e6 + ContinuousClock.now.duration(to: deadline).seconds + clockOffset
    }
}

extension Session {
    /// Makes sure that the server at the other end is the one that the findings are about: its address may belong to another by
    /// now.
    /// - Throws: `MySQLError`; then the connection is closed.
    func recognise(_ node: WritableNode, deadline: ContinuousClock.Instant) async throws(MySQLError) {
        let statement = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id', 'server_uuid')"
        let answer = try await run([statement], isRepeatable: true, deadline: deadline)
        var variables: [String: String] = [:]
        for row in answer.first?.rows.map(\.self) ?? [] {
            if let name = row.text("Variable_name") { variables[name.lowercased()] = row.text("Value")?.lowercased() }
        }
        guard variables["server_id"] == "\(node.serverID)",
            node.serverUUID == nil || variables["server_uuid"] == node.serverUUID
        else {
            await hangUp()
            throw MySQLError(phase: .query, code: 0, message: "a different server answers than in the last round")
        }
    }
}
