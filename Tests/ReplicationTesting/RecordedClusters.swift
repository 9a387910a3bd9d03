internal import Collection
internal import Foundation
internal import MariaDB
package import Replication
internal import Testing

/// States of real clusters, as their members told them: MySQL 9.7.4 with Group Replication, MariaDB 10.11.19 with Galera 26.4.23,
/// three members each (`Tests/Fixtures/clusters/states.txt`).
package enum RecordedClusters {
    private struct Member: Decodable {
        var uuid: String?
        var serverID: UInt32?
        var readOnly: Bool
        /// Group Replication: the rows of the members, each with its statistics.
        var members: [[String: String?]]?
        /// Galera.
        var status: [String: String]?
        var variables: [String: String]?
    }

    /// By the state's name, by the member's number.
    private static let states: Result<[String: [String: Member]], any Error> = Result {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try JSONDecoder().decode(
            [String: [String: Member]].self,
            from: Data(
                contentsOf: folder.appendingPathComponent("Fixtures/clusters/states.txt").resolvingSymlinksInPath()))
    }

    /// All that were recorded in a state.
    package static func nodes(_ state: String) throws -> [ReplicationSetReport.Node] {
        let numbers = try #require(try states.get()[state], "\(state) is recorded").keys.compactMap { Int($0) }
        return try numbers.sorted().map { try node($0, state) }
    }

    /// A node named `db` and the number, as it was in a state.
    package static func node(_ number: Int, _ state: String) throws -> ReplicationSetReport.Node {
        let member = try #require(try states.get()[state]?["\(number)"], "\(state)-\(number) is recorded")
        let isGroup = member.uuid != nil
        var facts = NodeFacts(
            identity: ServerIdentity(
                flavor: isGroup ? .mysql : .mariadb,
                version: isGroup ? ServerVersion(9, 7, 4) : ServerVersion(10, 11, 19),
                port: 3306, serverID: member.serverID ?? UInt32(number), serverUUID: member.uuid))
        facts.isReadOnly = member.readOnly
        facts.readOnlySwitches = member.readOnly ? ["read_only"] : []
        facts.channels = []
        facts.binaryLog = BinaryLog(isEnabled: true)
        facts.clockOffset = 0
        let dialect = try #require(Dialect.of(facts.identity.flavor, facts.identity.version))
        if let rows = member.members {
            try read(
                .clusterSettings, dialect, ["group_name"], [["aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"]], into: &facts)
            let columns = Set(rows.flatMap(\.keys)).sorted()
            try read(
                .cluster, dialect, columns, rows.map { row in columns.map { (row[$0] ?? nil) } }, into: &facts)
            if facts.cluster?.cluster.isEmpty == true { facts.cluster?.cluster = facts.clusterSettings?.cluster ?? "" }
        }
        for (fact, values) in [(FactName.clusterSettings, member.variables), (.cluster, member.status)] {
            guard let values else { continue }
            try read(
                fact, dialect, ["Variable_name", "Value"],
                values.sorted { $0.key < $1.key }.map { [$0.key, $0.value] },
                into: &facts)
        }
        let name = "db\(number)"
        return .init(NodeDescription(name: name, address: .tcp(host: name, port: 3306)), NodeReport(facts: facts))
    }

    private static func read(
        _ name: FactName, _ dialect: Dialect, _ columns: [String], _ rows: [[String?]], into facts: inout NodeFacts
    ) throws {
        let fact = try #require(dialect.anyFact(name))
        let now = Moment.now
        try fact.read(Answer(ResultTable(columns: columns, rows: rows), asked: now, told: now), &facts)
    }
}
