import Collection
import MariaDB
import Replication

/// The statements that grant an account what the exporter needs. The privileges are those of the dialects' facts.
package enum GrantStatements {
    /// An account that the exporter logs in with, and the grants that its probes need.
    package struct Account: Equatable {
        package let user: String
        package var probes: [ProbeGrant]
        /// MAX_USER_CONNECTIONS: the maximum number of connections that the account may have to one server.
        package var connections: Int

        package init(user: String, probes: [ProbeGrant] = [], connections: Int) {
            self.user = user
            self.probes = probes
            self.connections = connections
        }
    }

    /// The statements for all supported servers, oldest first; everything else is a comment. Names must be `printable`: a
    /// newline would end the comment.
    package static func text(_ accounts: [Account], host: String) -> String {
        var sections: [(title: String, grants: [String])] = []
        let eras = Dialect.eras
        for (index, era) in eras.enumerated() {
            let grants = grants(era.dialect)
            if index > 0, eras[index - 1].flavor == era.flavor, sections.last?.grants == grants { continue }
            let next = eras[(index + 1)...].first {
                $0.flavor == era.flavor && self.grants($0.dialect) != grants
            }
            let end = next.map { ", before \(short($0.since))" } ?? ""
            sections.append(("\(era.flavor.title) \(short(era.since)) and later\(end)", grants))
        }
        return sections.map { title, grants in
            "-- \(title)\n"
                + accounts.map { account in
                    statements(
                        grants, account, named: "\(SQLText.accountPart(account.user))@\(SQLText.accountPart(host))")
                }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The parts of GRANT statements between GRANT and TO.
    static func grants(_ dialect: Dialect) -> [String] {
        var global: [String] = []
        var others: [String] = []
        for privilege in (dialect.facts + [dialect.binlogIndex]).map(\.privileges) where !privilege.isEmpty {
            if privilege.contains(" ON ") {
                if !others.contains(privilege) { others.append(privilege) }
            } else if !global.contains(privilege) {
                global.append(privilege)
            }
        }
        return (global.isEmpty ? [] : ["\(global.joined(separator: ", ")) ON *.*"]) + others
    }

    /// CREATE USER stays commented out: pasted unchanged, it must not create an account with a well-known password.
    private static func statements(_ grants: [String], _ account: Account, named name: String) -> String {
        var databases: [String] = []
        for probe in account.probes where probe.isWriting && !databases.contains(probe.database) {
            databases.append(probe.database)
        }
        return "-- CREATE USER \(name) IDENTIFIED BY '...';\n"
            + "ALTER USER \(name) WITH MAX_USER_CONNECTIONS \(account.connections);\n"
            + databases.map { "CREATE DATABASE IF NOT EXISTS \($0);\n" }.joined()
            + (grants + account.probes.map(\.text)).map { "GRANT \($0) TO \(name);\n" }.joined()
    }

    private static func short(_ version: ServerVersion) -> String {
        version.patch == 0 ? "\(version.major).\(version.minor)" : "\(version)"
    }
}
