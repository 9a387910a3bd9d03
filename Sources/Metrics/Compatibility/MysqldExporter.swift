import Replication

/// How mysqld_exporter names and reads a column of the replication status.
enum MysqldExporter {
    /// It asks SHOW SLAVE STATUS for as long as a server takes that, which MySQL does before 8.4: columns bear the old words
    /// there, whatever the statement was that they came from.
    /// - Returns: nil for a column that can name no series, whichever server thought of it.
    static func name(of column: String, _ server: ServerIdentity) -> String? {
        let column = column.lowercased()
        let isName = column.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard isName, !column.isEmpty else { return nil }
        guard server.flavor == .mysql, server.version < ServerVersion(8, 4, 0) else {
            return "mysql_slave_status_" + column
        }
        let words = column.split(separator: "_").map { word -> Substring in
            switch word {
            case "source": "master"
            case "replica": "slave"
            default: word
            }
        }
        return "mysql_slave_status_" + words.joined(separator: "_")
    }

    /// Words of state are 1 or 0, a time is its epoch seconds, a number is itself; nil for anything else. What is no finite
    /// number is nil as well: a host called `nan` is none.
    static func value(_ text: String) -> Double? {
        if text.utf8.count <= "connecting".utf8.count {
            switch text.lowercased() {
            case "yes", "on": return 1
            case "no", "off", "disabled", "connecting": return 0
            default: break
            }
        }
        return Double(text).map { $0.isFinite ? $0 : nil } ?? epochSeconds(text)
    }

    /// Of a DATETIME such as `2026-11-21 05:51:41`, taken for UTC: the exporter's sessions are in UTC. (mysqld_exporter takes
    /// the server's own time zone for UTC.)
    private static func epochSeconds(_ text: String) -> Double? {
        let fields = text.split(maxSplits: 6, omittingEmptySubsequences: false) { "- :".contains($0) }
        let lengths = [4, 2, 2, 2, 2, 2]
        guard text.utf8.count == 19, fields.map(\.utf8.count) == lengths else { return nil }
        let numbers = fields.compactMap { $0.first == "+" ? nil : UInt16($0).map(Double.init) }
        guard numbers.count == lengths.count, (1...12).contains(numbers[1]), (1...31).contains(numbers[2]),
            numbers[3] < 24, numbers[4] < 60, numbers[5] < 60
        else { return nil }
        let days = Double(HeartbeatTime.daysSince1970(Int64(numbers[0]), Int64(numbers[1]), Int64(numbers[2])))
        return days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
    }
}
