import Replication

/// How mysqld_exporter names and reads a column of the replication status.
enum MysqldExporter {
    /// mysqld_exporter uses SHOW SLAVE STATUS as long as a server accepts it, which MySQL does before 8.4: there the
    /// columns have the old names, whichever statement they actually came from.
    /// - Returns: nil for a column whose name cannot be part of a series name; a server may send anything.
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

    /// Words of state become 1 or 0, a time its epoch seconds, a number itself; nil for anything else. Nil also for
    /// anything that is not a finite number: a host called `nan` is not one.
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

    /// Epoch seconds of a DATETIME such as `2026-11-21 05:51:41`, taken as UTC: the exporter's sessions are in UTC.
    /// (mysqld_exporter takes the server's own time zone as UTC.)
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
