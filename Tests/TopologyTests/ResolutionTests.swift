import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("The source of a channel")
struct ResolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var channel: Channel
        /// The nodes besides the replica, `db9` with server ID 9.
        var nodes: [ReplicationSetReport.Node]
        var source: String?

        init(_ description: String, _ channel: Channel, _ nodes: [ReplicationSetReport.Node], _ source: String?) {
            testDescription = description
            self.channel = channel
            self.nodes = nodes
            self.source = source
        }
    }

    static let cases: [Case] = [
        // By the source's own identity.
        Case("the UUID, whatever the address", channel(uuid: 1), [node("db1", id: 1, uuid: 1)], "db1"),
        Case(
            "the UUID before the server id", channel(id: 2, uuid: 1),
            [node("db1", id: 1, uuid: 1), node("db2", id: 2, uuid: 2)], "db1"),
        Case("the server id, whatever the address", channel(id: 1), [node("db1", id: 1)], "db1"),
        Case(
            "a known UUID that is another's rules the server id out", channel(id: 1, uuid: 7),
            [node("db1", id: 1, uuid: 1)], nil),
        Case(
            "a MariaDB replica of a MySQL source knows no UUID", channel(id: 1), [node("db1", id: 1, uuid: 1)], "db1"),

        // By address.
        Case(
            "the address, before it has ever been connected", channel(from: "db1:3306", io: .stopped),
            [node("db1", id: 1)], "db1"),
        Case("an address in another case", channel(from: "DB1:3306"), [node("db1", id: 1)], "db1"),
        Case("not the same host on another port", channel(from: "db1:3307"), [node("db1", id: 1)], nil),
        Case(
            "an alias", channel(from: "vip:3306"), [node("db1", id: 1, aliases: ["vip:3306"])], "db1"),
        Case(
            "the host name that the server gives itself", channel(from: "box7:3306"),
            [node("db1", id: 1, at: "10.0.0.1:3306").with { $0.identity.hostname = "Box7" }], "db1"),
        Case(
            "report_host", channel(from: "db1.example:3306"),
            [node("db1", id: 1, at: "unix:/run/mysqld/mysqld.sock").with { $0.identity.reportHost = "db1.example" }],
            "db1"),
        Case(
            "a host name that several servers give themselves tells nothing", channel(from: "mysql:3306"),
            [
                node("db1", id: 1, at: "10.0.0.1:3306").with { $0.identity.hostname = "mysql" },
                node("db2", id: 2, at: "10.0.0.2:3306").with { $0.identity.hostname = "mysql" },
            ], nil),
        Case(
            "a configured address before a host name", channel(from: "db1:3306"),
            [node("db1", id: 1), node("db2", id: 2).with { $0.identity.hostname = "db1" }], "db1"),

        // A source that did not answer.
        Case(
            "the address of a source that is down", channel(from: "db1:3306", id: 1, io: .connecting), [silent("db1")],
            "db1"),
        Case(
            "the address of one that is down to the exporter only", channel(from: "db1:3306", id: 1), [silent("db1")],
            "db1"),
        Case(
            "a source that is down and known by another address", channel(from: "vip:3306", id: 1), [silent("db1")], nil
        ),

        // Duplicate server IDs.
        Case(
            "a server id that two nodes have, by address", channel(from: "db2:3306", id: 1),
            [node("db1", id: 1), node("db2", id: 1)], "db2"),
        Case(
            "a server id that two nodes have, at an unknown address", channel(id: 1),
            [node("db1", id: 1), node("db2", id: 1)], nil),
        Case(
            "a server id that two nodes have, at the address of a third", channel(from: "db3:3306", id: 1),
            [node("db1", id: 1), node("db2", id: 1), node("db3", id: 3)], nil),
        Case(
            "a server ID that two nodes have, at the address of one that did not answer",
            channel(from: "db3:3306", id: 1), [node("db1", id: 1), node("db2", id: 1), silent("db3")], nil),
        Case(
            "a UUID that two nodes have (auto.cnf was copied), by address", channel(from: "db2:3306", uuid: 1),
            [node("db1", id: 1, uuid: 1), node("db2", id: 2, uuid: 1)], "db2"),
        Case(
            "the replica has the server id of its source", channel(from: "db1:3306", id: 9, io: .stopped),
            [node("db1", id: 9)], "db1"),
        Case(
            "the replica has the server id of its source, at an unknown address", channel(id: 9, io: .stopped),
            [node("db1", id: 9)], "db1"),
        Case(
            "the replica alone has the server id of a source that is not configured", channel(id: 9, io: .stopped),
            [node("db1", id: 1)], nil),

        // Not connected: the server ID may be the previous source's (MariaDB), while the address is the current one.
        Case(
            "sent to another node, not arrived yet", channel(from: "db2:3306", id: 1, io: .connecting),
            [node("db1", id: 1), node("db2", id: 2)], "db2"),
        Case(
            "sent to another node, stopped", channel(from: "db2:3306", id: 1, io: .stopped),
            [node("db1", id: 1), silent("db2")], "db2"),
        Case(
            "stopped, with an address that nobody is known by", channel(from: "vip:3306", id: 1, io: .stopped),
            [node("db1", id: 1)], "db1"),
        Case(
            "not connected, to a source whose number has changed", channel(from: "db1:3306", id: 5, io: .connecting),
            [node("db1", id: 1)], "db1"),
        Case(
            "not connected, to a host by its own name", channel(from: "box7:3306", id: 5, io: .connecting),
            [node("db1", id: 1, at: "10.0.0.1:3306").with { $0.identity.hostname = "box7" }], "db1"),

        // A tunnel: the address belongs to one node, the server behind it is another.
        Case(
            "an address that leads the replica to another node", channel(from: "10.0.0.1:3306", id: 2),
            [node("db1", id: 1, at: "10.0.0.1:3306"), node("db2", id: 2)], "db2"),
        Case(
            "an address that leads the replica to a server not configured", channel(from: "10.0.0.1:3306", id: 5),
            [node("db1", id: 1, at: "10.0.0.1:3306")], nil),

        // A loopback address means a different server on every machine.
        Case(
            "the replica's loopback is not the exporter's", channel(from: "127.0.0.1:3306", io: .stopped),
            [node("db1", id: 1, at: "127.0.0.1:3306")], nil),
        Case(
            "nor is localhost", channel(from: "LOCALHOST:3306"),
            [node("db1", id: 1).with { $0.identity.hostname = "localhost" }],
            nil),
        Case(
            "a tunnel from the replica's loopback, by the identity it found there",
            channel(from: "127.0.0.1:3306", id: 2, io: .stopped),
            [node("db1", id: 1, at: "127.0.0.1:3306"), node("db2", id: 2)], "db2"),

        Case("a source that is not configured", channel(from: "other:3306", id: 5), [node("db1", id: 1)], nil),
        Case("no node beside the replica", channel(from: "other:3306", id: 5), [], nil),
    ]

    @Test("Each source is found by what is known about it", arguments: cases)
    func resolution(_ scene: Case) throws {
        let replica = node("db9", id: 9, from: scene.channel)
        let findings = SetFindings(ReplicationSetReport(name: "shop", nodes: scene.nodes + [replica]))
        #expect(try findings["db9"].channel().sourceNode == scene.source)
    }

    @Test(
        "On one machine a loopback address is an address like any other",
        arguments: ["127.0.0.1:3307", "unix:/run/b.sock"])
    func oneMachine(own: String) throws {
        let replica = node(
            "db9", id: 9, at: AddressText(own), from: channel(from: "127.0.0.1:3306", io: .connecting))
        let findings = SetFindings(ReplicationSetReport(node("db1", id: 1, at: "127.0.0.1:3306"), replica))
        #expect(try findings["db9"].channel().sourceNode == "db1")
    }

    @Test("A replica that is configured to follow its own address is a cycle of one")
    func itself() throws {
        let findings = SetFindings(
            ReplicationSetReport(node("db1", id: 1, from: channel(from: "db1:3306", id: 1, io: .stopped))))
        #expect(try findings["db1"].channel().sourceNode == "db1")
        #expect(findings.cycles == [["db1"]])
    }
}
