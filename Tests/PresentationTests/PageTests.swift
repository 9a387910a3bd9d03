import Configuration
import Replication
import Testing

@testable import Presentation

@Suite("Pages")
struct PageTests {
    @Test("service discovery returns a target for each node, in Prometheus' format")
    func serviceDiscovery() throws {
        let configuration = Configuration(sets: [
            ReplicationSet(name: "shop", nodes: [Node(name: "db1", address: try Address("[::1]:3307"))]),
            ReplicationSet(name: "blog", nodes: [Node(name: "db2", address: try Address("unix:/run/my\"sql.sock"))]),
        ])
        #expect(
            ServiceDiscovery.nodes(configuration).text
                == #"[{"targets":["db1"],"labels":{"__meta_mysql_replication_set":"shop","__meta_mysql_node":"db1","__meta_mysql_address":"[::1]:3307"}},"#
                + #"{"targets":["db2"],"labels":{"__meta_mysql_replication_set":"blog","__meta_mysql_node":"db2","__meta_mysql_address":"unix:/run/my\"sql.sock"}}]"#
        )
    }
}
