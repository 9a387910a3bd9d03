import Replication
import Testing

@testable import Topology

// A small language to describe what the nodes of a set report:
//
//     node("db2", id: 2, binlog: "bin.000001:900", from: channel(from: "db1:3306", id: 1, read: "bin.000003:500"))

func node(
    _ name: String, id: UInt32? = nil, uuid: Int? = nil, at address: Address? = nil,
    aliases: [Address] = [], binlog: BinlogCoordinate? = nil, intending sources: [String: String] = [:],
    from channels: Channel...
) -> ReplicationSetReport.Node {
    var facts = NodeFacts(
        identity: ServerIdentity(
            flavor: uuid == nil ? .mariadb : .mysql,
            version: uuid == nil ? ServerVersion(10, 11, 6) : ServerVersion(8, 4, 0),
            port: 3306, serverID: id, serverUUID: uuid.map(uuidText)))
    facts.channels = channels
    facts.binaryLog = BinaryLog(isEnabled: true, end: binlog)
    facts.binaryLog?.recordsReplicated = true
    return .init(
        NodeDescription(
            name: name, address: address ?? .tcp(host: name, port: 3306), aliases: aliases, intendedSources: sources),
        NodeReport(facts: facts))
}

/// A node that did not answer.
func silent(
    _ name: String, at address: Address? = nil, intending sources: [String: String] = [:]
) -> ReplicationSetReport.Node {
    var node = node(name, at: address, intending: sources)
    node.report = NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer"))
    return node
}

/// A channel that works, unless specified otherwise.
func channel(
    _ name: String = "", from address: Address = "elsewhere:3306", id: UInt32? = nil, uuid: Int? = nil,
    io: Channel.IOThreadState = .running, applies: Bool = true, read: BinlogCoordinate? = nil,
    executed: BinlogCoordinate? = nil, behind: Double? = nil
) -> Channel {
    guard case .tcp(let host, let port) = address else { preconditionFailure("a source has a host and a port") }
    var channel = Channel(
        name: name, source: .init(host: host, port: port, serverID: id, serverUUID: uuid.map(uuidText)), ioThread: io,
        isApplierRunning: applies)
    channel.readPosition = read
    channel.executedPosition = executed ?? read
    channel.secondsBehindSource = behind
    return channel
}

/// A short name for a long one.
func uuidText(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
}

extension ReplicationSetReport {
    init(_ nodes: Node..., thresholds: Thresholds = Thresholds()) {
        self.init(name: "shop", thresholds: thresholds, nodes: nodes)
    }
}

extension ReplicationSetReport.Node {
    func with(_ change: (inout NodeFacts) -> Void) -> Self {
        var node = self
        if var facts = node.report.facts {
            change(&facts)
            node.report.facts = facts
        }
        return node
    }

    /// MySQL's executed set: `2:1-100` are the first hundred transactions of `uuidText(2)`.
    func executed(_ text: String, askedAgain: Bool = false) -> Self {
        with {
            $0.transactions = .set(executed: gtidSet(text), server: nil)
            $0.isSecondLook = askedAgain
            $0.transactionsRead = .look(askedAgain ? 2 : 1)
        }
    }

    /// MariaDB's positions; what is logged is also what is current.
    func positions(
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

    /// The binary log files that the node holds.
    func holding(_ files: (String, UInt64)...) -> Self {
        with { $0.binaryLog?.index = binlogIndex(files) }
    }
}

extension Channel {
    func with(_ change: (inout Channel) -> Void) -> Self {
        var channel = self
        change(&channel)
        return channel
    }
}

extension SetFindings {
    subscript(name: String) -> NodeFindings {
        get throws { try #require(nodes.first { $0.description.name == name }) }
    }
}

extension NodeFindings {
    func channel(_ name: String = "") throws -> ChannelFindings {
        try #require(channels.first { $0.channel.name == name })
    }
}

func gtidSet(_ text: String) -> GTIDSet {
    let sources = text.split(separator: ",").map { part in
        let colon = part.firstIndex(of: ":") ?? part.endIndex
        return uuidText(Int(part[..<colon]) ?? 0) + part[colon...]
    }
    do {
        return try GTIDSet(parsing: sources.joined(separator: ","))
    } catch {
        preconditionFailure("\(error)")
    }
}

func binlogIndex(_ files: [(String, UInt64)]) -> BinlogIndex {
    BinlogIndex(entries: files.map { (file: BinlogCoordinate("\($0.0):0").file, size: $0.1) })
}

extension BinlogCoordinate: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }

    /// `bin.000003:500`
    init(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let file = BinlogFile(String(parts[0])), let position = UInt64(parts[1]) else {
            preconditionFailure("\(text) is no coordinate")
        }
        self.init(file: file, position: position)
    }
}

extension Address: ExpressibleByStringLiteral {
    /// `db1:3306`, `unix:/run/mysqld/mysqld.sock`
    public init(stringLiteral text: String) {
        if text.hasPrefix("unix:") {
            self = .unix(path: String(text.dropFirst(5)))
        } else if let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst()) {
            self = .tcp(host: String(text[..<colon]), port: port)
        } else {
            preconditionFailure("\(text) is no address")
        }
    }
}

/// A seeded source of randomness (SplitMix64): the same seed gives the same scenes on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Reading {
    private static let start = ContinuousClock.now

    /// The first look at all nodes, and the second at some of them.
    static func look(_ number: Int) -> Reading {
        Reading(asked: start + .seconds(2 * number), told: start + .seconds(2 * number + 1))
    }
}
