import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Which node takes the writes")
struct PrimaryTests {
    private func primary(_ nodes: ReplicationSetReport.Node...) -> Primary {
        SetFindings(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes)).primary
    }

    private func writable(_ name: String, id: UInt32, from channels: Channel...) -> ReplicationSetReport.Node {
        node(name, id: id).with {
            $0.isReadOnly = false
            $0.channels = channels
        }
    }

    private func readOnly(_ name: String, id: UInt32, from channels: Channel...) -> ReplicationSetReport.Node {
        node(name, id: id).with {
            $0.isReadOnly = true
            $0.channels = channels
        }
    }

    @Test("The only writable node is the primary")
    func one() {
        #expect(
            primary(writable("db1", id: 1), readOnly("db2", id: 2, from: channel(from: "db1:3306", id: 1)))
                == .node("db1"))
    }

    @Test("A single node that is writable is the primary")
    func single() {
        #expect(primary(writable("db1", id: 1)) == .node("db1"))
    }

    @Test("Of two writable nodes neither is, unless one replicates from the other")
    func two() {
        #expect(
            primary(writable("db1", id: 1), writable("db2", id: 2))
                == .unknown(
                    "db1 and db2 both take writes; set read_only on one, or name the writer (POST /sets/<set>/writer)"))
        #expect(
            primary(writable("db1", id: 1), writable("db2", id: 2, from: channel(from: "db1:3306", id: 1)))
                == .node("db1"))
    }

    @Test("If every node is read-only, none is")
    func none() {
        #expect(primary(readOnly("db1", id: 1), readOnly("db2", id: 2)) == .unknown("every node is read-only"))
    }

    @Test("On the first look a silent node may be the primary, unless a replica follows another")
    func promoted() {
        #expect(
            primary(silent("db1"), writable("db2", id: 2))
                == .unknown(
                    "db1 has not answered since the exporter started, and may be taking writes; start it, remove it from "
                        + "the configuration, or name the writer (POST /sets/<set>/writer)"))
        #expect(
            primary(
                silent("db1"), writable("db2", id: 2), readOnly("db3", id: 3, from: channel(from: "db2:3306", id: 2)))
                == .node("db2"))
    }

    @Test("A writable replica is not promoted by the silence of its source")
    func orphan() {
        #expect(
            primary(silent("db1"), writable("db2", id: 2, from: channel(from: "db1:3306", id: 1)))
                == .unknown(
                    "db2 is writable and replicates from db1, which is silent; "
                        + "if it is to be the writer, end that replication (RESET REPLICA ALL)"))
    }

    @Test("In a ring of two the writable one is the primary")
    func ring() {
        #expect(
            primary(
                writable("db1", id: 1, from: channel(from: "db2:3306", id: 2)),
                readOnly("db2", id: 2, from: channel(from: "db1:3306", id: 1))) == .node("db1"))
    }

    @Test("A source outside the set is an obstacle, unless a replica shows that the node is written to")
    func outside() {
        let fed = writable("db1", id: 1, from: channel(from: "elsewhere:3306", id: 9))
        #expect(
            primary(fed)
                == .unknown(
                    "db1 is writable and replicates from elsewhere:3306, which is not a node of the set; if that is intended, "
                        + "configure source: outside for db1"))
        #expect(primary(fed, readOnly("db2", id: 2, from: channel(from: "db1:3306", id: 1))) == .node("db1"))
    }

    @Test("A node that does not report whether it is read-only is not written to")
    func untold() {
        #expect(
            primary(node("db1", id: 1)) == .unknown("no node is known to be writable; the state of db1 is unknown"))
    }

    @Test("A silent set has none, and the reason names the silent nodes")
    func allSilent() {
        #expect(
            primary(silent("db1"), silent("db2"))
                == .unknown("no node is known to be writable; the state of db1 and db2 is unknown"))
    }
}
