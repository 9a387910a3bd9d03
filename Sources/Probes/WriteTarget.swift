internal import Replication
internal import Topology

/// The node that a probe may write to now, or why there is none. Fails closed.
package enum WriteTarget: Sendable, Equatable {
    case node(WritableNode)
    /// A sentence for people.
    case nobody(String)

    /// What is known of a set goes out of date: older than this it says nothing about who may be written to.
    package static let longestTrust = Duration.seconds(10)
    /// Older than this it is asked for anew, so that it does not come to that.
    package static let renewal = Duration.seconds(4)

    package init(_ view: SetWatch.View?, at now: ContinuousClock.Instant) {
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
            guard let node = view.findings.nodes.first(where: { $0.description.name == name }),
                let facts = node.report.facts, let server = facts.identity.serverID, server != 0,
                let offset = facts.clockOffset
            else {
                self = .nobody("\(name) does not tell its server_id and its clock")
                return
            }
            self = .node(
                WritableNode(name: name, serverID: server, serverUUID: facts.identity.serverUUID, clockOffset: offset))
        }
    }
}

/// The primary of a set, and how to know it again.
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
