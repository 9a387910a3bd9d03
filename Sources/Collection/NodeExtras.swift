/// What a node is asked in addition to the usual.
package struct NodeExtras: Sendable, Hashable {
    /// Whether channels keep their whole row of the replication status.
    package var keepsStatusRows: Bool
    /// A table in pt-table-checksum's layout, quoted for SQL.
    package var checksumTable: String?
    /// A table in pt-heartbeat's layout, quoted for SQL.
    package var heartbeatTable: String?
    /// The first look leaves out what an earlier client of the account has left hanging in the server. For commands that end after
    /// a look: each would leave another connection behind.
    package var avoidsHanging = false

    package init(keepsStatusRows: Bool = false, checksumTable: String? = nil, heartbeatTable: String? = nil) {
        self.keepsStatusRows = keepsStatusRows
        self.checksumTable = checksumTable
        self.heartbeatTable = heartbeatTable
    }
}
