/// Which family of servers a node belongs to; the two differ in statements, column names and GTIDs.
package enum Flavor: String, Sendable, CaseIterable {
    case mariadb
    /// MySQL and the derivatives that leave replication unchanged: Percona Server, Aurora, RDS.
    case mysql

    /// The name to display.
    package var title: String {
        switch self {
        case .mariadb: "MariaDB"
        case .mysql: "MySQL"
        }
    }

    /// Decides from the version string in the server's handshake: only MariaDB puts its name there.
    package init(handshake: String) {
        self = handshake.lowercased().contains("mariadb") ? .mariadb : .mysql
    }
}
