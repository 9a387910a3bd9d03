/// Which family of servers a node belongs to; the two differ in statements, column names and GTIDs.
package enum Flavor: String, Sendable, CaseIterable {
    case mariadb
    /// MySQL and what descends from it without changing replication: Percona Server, Aurora, RDS.
    case mysql

    /// Its name, for people.
    package var title: String {
        switch self {
        case .mariadb: "MariaDB"
        case .mysql: "MySQL"
        }
    }

    /// Decides from the version string in the server's handshake: MariaDB says its name there, and nobody else does.
    package init(handshake: String) {
        self = handshake.lowercased().contains("mariadb") ? .mariadb : .mysql
    }
}
