import MariaDB
import Replication

extension Fact {
    /// MySQL: the members of the group that the server belongs to. In a group, a channel from outside runs on one member, and the
    /// others get its transactions through the group. (MySQL manual: replication_group_members; a server that belongs to no group
    /// has no row, or one with the state OFFLINE.)
    static let mySQLGroupMembers = Fact(
        .groupMembers, "SELECT MEMBER_ID, MEMBER_STATE FROM performance_schema.replication_group_members",
        privileges: "SELECT ON performance_schema.*"
    ) { answer, facts throws(FactError) in
        var members: Set<String> = []
        for row in answer.rows where row.text("MEMBER_STATE") == "ONLINE" {
            if let id = row.text("MEMBER_ID").flatMap(ServerUUID.init)?.description { members.insert(id) }
        }
        let isMember = facts.identity.serverUUID.map(members.contains) ?? false
        facts.groupMembers = isMember ? members : []
    }
}
