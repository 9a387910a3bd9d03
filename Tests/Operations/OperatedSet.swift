/// A replication set as its operators know it: what each server is, and which one they write to.
package struct OperatedSet: Sendable {
    /// How a replica addresses its source.
    package enum Way: String, Sendable, CaseIterable {
        /// As in the exporter's configuration.
        case direct
        /// By another name of the same host.
        case alias
        /// Through a TCP proxy.
        case proxy
    }

    package struct Link: Sendable, Equatable {
        /// The name of a server, in the set or outside it.
        package var source: String
        package var way = Way.direct
        package var isReceiverOn = true
        package var isApplierOn = true
        /// Orchestrator's mark of a detached replica.
        package var isDetached = false

        package init(source: String, way: Way = .direct) {
            self.source = source
            self.way = way
        }
    }

    package struct Server: Sendable {
        /// Counted from 1.
        package let number: Int
        package var isUp = true
        package var isFrozen = false
        package var isHidden = false
        package var isReadOnly: Bool
        package var links: [Link] = []
        /// Incremented by restarts that change its identity.
        package var identity = 0
        package var restarts = 0
        /// By server ID: the last transaction of each writer.
        package var executed: [UInt32: UInt64] = [:]

        package var serverID: UInt32 { UInt32(number + 10 * identity) }
        package var answers: Bool { isUp && !isFrozen }
        package var isVisible: Bool { answers && !isHidden }
    }

    /// The source of a feed from outside the set.
    package static let outside = "elsewhere"

    package let names: [String]
    package private(set) var servers: [String: Server]
    /// The server that the operators write to.
    package var legitimate: String

    /// db1 with replicas.
    package init(replicas: Int, readOnly: Bool, isFedFromOutside: Bool = false) {
        names = (1...(replicas + 1)).map { "db\($0)" }
        legitimate = "db1"
        servers = [:]
        for (index, name) in names.enumerated() {
            servers[name] = Server(
                number: index + 1, isReadOnly: index > 0 && readOnly,
                links: index > 0 ? [Link(source: "db1")] : isFedFromOutside ? [Link(source: Self.outside)] : [])
        }
    }

    package subscript(name: String) -> Server {
        get { servers[name] ?? Server(number: 0, isUp: false, isReadOnly: true) }
        set { servers[name] = newValue }
    }

    /// The server that has, or had, an ID.
    package func name(ofServerID id: UInt32) -> String? { names.first { self[$0].number == Int(id) % 10 } }

    package mutating func apply(_ operation: SetOperation) {
        switch operation {
        case .kill(let name):
            self[name].isUp = false
            self[name].isFrozen = false
        case .start(let name, let isReadOnly, let hasNewIdentity):
            self[name].isUp = true
            self[name].isFrozen = false
            self[name].isReadOnly = isReadOnly
            self[name].restarts += 1
            if hasNewIdentity { self[name].identity += 1 }
            // Servers start replication on their own.
            for link in self[name].links.indices where !self[name].links[link].isDetached {
                self[name].links[link].isReceiverOn = true
                self[name].links[link].isApplierOn = true
            }
        case .freeze(let name): self[name].isFrozen = true
        case .thaw(let name): self[name].isFrozen = false
        case .hide(let name): self[name].isHidden = true
        case .show(let name): self[name].isHidden = false
        case .failOver(let name, let detaching): promote(name, detaching: detaching)
        case .switchOver(let name):
            let old = legitimate
            self[old].isReadOnly = true
            replicate()
            promote(name, detaching: false)
            self[old].links = [Link(source: name)]
        case .setReadOnly(let name, let isReadOnly): self[name].isReadOnly = isReadOnly
        case .stopReplication(let name, let applierToo):
            for link in self[name].links.indices {
                self[name].links[link].isReceiverOn = false
                if applierToo { self[name].links[link].isApplierOn = false }
            }
        case .repoint(let name, let way): self[name].links = [Link(source: legitimate, way: way)]
        case .reset(let name): self[name].links = []
        case .write(let names): for name in names { write(name) }
        case .restartExporter, .nothing: break
        }
        replicate()
    }

    /// The set, restored to a healthy state.
    package mutating func heal() {
        for name in names {
            let isWriter = name == legitimate
            if !self[name].isUp { apply(.start(name, isReadOnly: !isWriter, hasNewIdentity: false)) }
            self[name].isFrozen = false
            self[name].isHidden = false
            self[name].isReadOnly = !isWriter
            self[name].links = isWriter ? [] : [Link(source: legitimate)]
        }
        replicate()
    }

    private mutating func promote(_ name: String, detaching: Bool) {
        if detaching {
            for link in self[name].links.indices {
                self[name].links[link].isDetached = true
                self[name].links[link].isReceiverOn = false
                self[name].links[link].isApplierOn = false
            }
        } else {
            self[name].links = []
        }
        self[name].isReadOnly = false
        legitimate = name
        for other in names where other != name && self[other].answers && !self[other].links.isEmpty {
            self[other].links = [Link(source: name)]
        }
    }

    private mutating func write(_ name: String) {
        guard self[name].answers, !self[name].isReadOnly else { return }
        let newest = self[name].executed.values.max() ?? 0
        self[name].executed[self[name].serverID] = newest + 1
    }

    private mutating func replicate() {
        for _ in names {
            for name in names where self[name].answers {
                for link in self[name].links where link.isReceiverOn && link.isApplierOn && !link.isDetached {
                    guard let source = servers[link.source], source.answers else { continue }
                    self[name].executed.merge(source.executed) { max($0, $1) }
                }
            }
        }
    }
}
