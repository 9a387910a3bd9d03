package import FaultServer
package import MariaDB
internal import Replication

extension FaultServer {
    /// A session to this server, under a node's name.
    package func session(_ node: String = "db1", _ settings: Session.Settings = .init()) -> Session {
        let port = port
        return Session(node: node, settings) { () throws(NodeFailure) in
            ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "u", password: "p")
        }
    }
}
