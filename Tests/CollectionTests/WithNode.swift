import FaultServer
import MariaDB
import Replication
import Testing

@testable import Collection

/// Runs `body` with a collector whose node is the server; ends its connection and thread afterwards.
func withNode<Value>(
    _ server: FaultServer, timeout: Duration = .seconds(250), extras: NodeExtras = NodeExtras(),
    _ body: (NodeCollector) async throws -> Value
) async throws -> Value {
    let thread = try SessionThread(name: "test")
    let node = node(server, on: thread, timeout: timeout, extras: extras)
    let value = try await body(node)
    await node.close()
    return value
}

func withNode<Value>(
    _ script: Script, extras: NodeExtras = NodeExtras(), _ body: (FaultServer, NodeCollector) async throws -> Value
) async throws -> Value {
    let server = try FaultServer(script)
    defer { server.stop() }
    return try await withNode(server, extras: extras) { try await body(server, $0) }
}

func node(
    _ server: FaultServer, named name: String = "db1", on thread: SessionThread, timeout: Duration = .seconds(250),
    extras: NodeExtras = NodeExtras(), tls: TLSMode = .disabled
) -> NodeCollector {
    let port = server.port
    return NodeCollector(
        NodeDescription(name: name, address: .tcp(host: "127.0.0.1", port: port)), timeout: timeout, on: thread,
        extras: extras
    ) {
        ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "exporter", password: "secret", tls: tls)
    }
}

extension ContinuousClock.Instant {
    /// A deadline that no test reaches unless something hangs.
    static var never: Self { .now + .seconds(250) }
}

/// A value as text, the same for equal values: dictionaries and sets are sorted.
func sketch(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    let children = mirror.children.map { child in (child.label.map { "\($0): " } ?? "") + sketch(child.value) }
    switch mirror.displayStyle {
    case .dictionary, .set: return "[\(children.sorted().joined(separator: ", "))]"
    case nil where children.isEmpty: return "\(value)"
    case .enum where children.isEmpty: return "\(value)"
    default: return "\(mirror.subjectType)(\(children.joined(separator: ", ")))"
    }
}

/// What a node reported, without anything that depends on the time of asking.
func timeless(_ facts: NodeFacts?) -> String {
    guard var facts else { return "nothing" }
    facts.askedAt = nil
    facts.clockOffset = nil
    facts.transactionsRead = nil
    facts.channelsRead = nil
    facts.clusterRead = nil
    facts.binaryLogRead = nil
    facts.identityRead = nil
    facts.binaryLogRead = nil
    facts.channelsRead = nil
    facts.uptimeAskedAt = nil
    // A recorded uptime does not change, whenever the clock is read.
    facts.startTime = nil
    return sketch(facts)
}
