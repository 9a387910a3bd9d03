internal import MariaDB
internal import Replication

extension Fact {
    /// The rows of a heartbeat table. All columns are selected, since pt-heartbeat's old layout has `id` in place of `server_id`.
    /// - Parameter table: quoted for SQL.
    package static func heartbeat(in table: String) -> Fact {
        Fact(
            .heartbeat, "SELECT * FROM \(table) ORDER BY ts DESC LIMIT 64", privileges: "SELECT ON \(table)"
        ) { answer, facts throws(FactError) in
            var rows: [HeartbeatRow] = []
            for row in answer.rows {
                guard let text = row.text("ts"), let time = HeartbeatTime.microseconds(text) else {
                    throw FactError("the heartbeat table has a row whose ts is not a time")
                }
                rows.append(HeartbeatRow(serverID: row.unsigned32("server_id"), time: time))
            }
            facts.heartbeat = HeartbeatReading(rows: rows, reading: answer.reading)
        }
    }
}
