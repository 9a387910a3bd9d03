import MariaDB
import Replication

extension Fact {
    /// MySQL: the name of the group that the server is set up for. Without the plugin there is no such variable.
    static let mySQLGroupSettings = Fact(
        .clusterSettings,
        """
        SELECT VARIABLE_VALUE AS group_name FROM performance_schema.global_variables \
        WHERE VARIABLE_NAME = 'group_replication_group_name'
        """
    ) { answer, facts throws(FactError) in
        facts.areClusterSettingsFresh = true
        guard let name = answer.first?.text("group_name"), !name.isEmpty else { return }
        facts.clusterSettings = ClusterSettings(kind: .group, cluster: name)
    }

    /// MySQL 8.0 and later: the members of the group that the server belongs to, as it sees them, and its own counters.
    ///
    /// A server that belongs to no group has no row; one whose plugin is loaded and not started has one row, its own, OFFLINE. The
    /// counters of others are as old as their last flow-control message and are not used. (MySQL manual:
    /// replication_group_members, replication_group_member_stats.)
    static let mySQLGroupMember = groupMember(
        columns: "m.MEMBER_ROLE, s.COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE, s.COUNT_TRANSACTIONS_LOCAL_ROLLBACK")

    /// MySQL 5.7, whose tables have neither roles nor counters of the applier.
    static let mySQL57GroupMember = groupMember(
        columns: """
            (SELECT VARIABLE_VALUE FROM performance_schema.global_status \
            WHERE VARIABLE_NAME = 'group_replication_primary_member') AS primary_member
            """)

    private static func groupMember(columns: String) -> Fact {
        Fact(
            .cluster,
            """
            SELECT m.MEMBER_ID, m.MEMBER_HOST, m.MEMBER_PORT, m.MEMBER_STATE, s.VIEW_ID, s.COUNT_TRANSACTIONS_IN_QUEUE, \
            \(columns) FROM performance_schema.replication_group_members m \
            LEFT JOIN performance_schema.replication_group_member_stats s USING (MEMBER_ID)
            """,
            privileges: "SELECT ON performance_schema.*"
        ) { answer, facts throws(FactError) in
            facts.clusterRead = answer.reading
            facts.cluster = ClusterMember(groupRows: answer.rows, own: facts.identity.serverUUID)
        }
    }
}

extension ClusterMember {
    /// - Returns: nil if the server does not list itself: it belongs to no group.
    fileprivate init?(groupRows rows: ResultTable.Rows, own: String?) {
        var members: [ClusterView.Member] = []
        var mine: (row: ResultTable.Row, state: String)?
        for row in rows {
            guard let id = row.text("MEMBER_ID").flatMap(ServerUUID.init)?.description else { continue }
            let word = row.text("MEMBER_STATE") ?? ""
            if id == own { mine = (row, word) }
            let isPrimary = row.text("MEMBER_ROLE").map { $0 == "PRIMARY" } ?? (row.text("primary_member") == id)
            members.append(
                ClusterView.Member(
                    id: id, address: "\(row.text("MEMBER_HOST") ?? ""):\(row.text("MEMBER_PORT") ?? "")",
                    state: ClusterView.Member.State(word), isPrimary: isPrimary))
        }
        guard let own, let (row, word) = mine else { return nil }
        self.init(kind: .group, cluster: "", id: own, state: State(groupState: word))
        let reachable = members.count { $0.state == .online || $0.state == .recovering }
        hasQuorum = (state == .online || state == .joining) && reachable * 2 > members.count
        isReady = state == .online
        isPrimary = members.first { $0.id == own }?.isPrimary
        // As a member that has failed shows it, the others' states are what they were.
        if state == .online || state == .joining, let id = row.text("VIEW_ID"), !id.isEmpty {
            let words = id.split(separator: ":")
            view = ClusterView(
                // The parts that `group_replication_force_members` makes may have the same number.
                id: ([id] + members.map(\.id).sorted()).joined(separator: " "),
                history: words.dropLast().joined(separator: ":"), number: words.last.flatMap { UInt64($0) },
                size: members.count, members: members)
        }
        certifyQueue = row.unsigned("COUNT_TRANSACTIONS_IN_QUEUE")
        applyQueue = row.unsigned("COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE")
        conflicts[.certification] = row.unsigned("COUNT_TRANSACTIONS_LOCAL_ROLLBACK")
    }
}

extension ClusterMember.State {
    fileprivate init(groupState word: String) {
        switch word {
        case "ONLINE": self = .online
        case "RECOVERING": self = .joining
        case "ERROR": self = .failed
        default: self = .outside
        }
    }
}

extension ClusterView.Member.State {
    fileprivate init(_ word: String) {
        switch word {
        case "ONLINE": self = .online
        case "RECOVERING": self = .recovering
        case "UNREACHABLE": self = .unreachable
        case "ERROR": self = .error
        default: self = .offline
        }
    }
}
