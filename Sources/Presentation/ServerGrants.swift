import Collection
import Replication

/// The privileges on whole servers, by flavor and version.
struct ServerGrants: Equatable {
    let flavor: Flavor
    /// The first version with these privileges, and the first that has others.
    let since: ServerVersion
    let before: ServerVersion?
    /// The parts of GRANT statements between GRANT and TO.
    let grants: [String]

    /// The privileges of all supported servers; within a flavor, the oldest first.
    /// - Parameter service: the one that runs them.
    static func all(_ purpose: GrantStatements.Purpose, on service: Service = .unmanaged) -> [ServerGrants] {
        var all: [ServerGrants] = []
        for era in eras(purpose, service) {
            if let last = all.last, last.flavor == era.flavor {
                if last.grants == era.grants { continue }
                all[all.endIndex - 1] = ServerGrants(
                    flavor: last.flavor, since: last.since, before: era.since, grants: last.grants)
            }
            all.append(ServerGrants(flavor: era.flavor, since: era.since, before: nil, grants: era.grants))
        }
        return all
    }

    private static func eras(_ purpose: GrantStatements.Purpose, _ service: Service) -> [(
        flavor: Flavor, since: ServerVersion, grants: [String]
    )] {
        let monitoring = Dialect.eras.filter { service.runs($0.flavor) }.map { era in
            (flavor: era.flavor, since: era.since, grants: grants(era.dialect(on: service)))
        }
        guard purpose == .checksum else { return monitoring }
        return Flavor.allCases.flatMap { flavor in
            let eras = monitoring.filter { $0.flavor == flavor }
            // MySQL 8.0.14 has a privilege of its own for the session variables that needed SUPER before.
            let since = ServerVersion(8, 0, 14)
            guard flavor == .mysql, let last = eras.last(where: { $0.since < since }) else { return eras }
            return eras.filter { $0.since < since } + [(flavor, since, last.grants)] + eras.filter { $0.since > since }
        }.map { era in
            let setting =
                switch era.flavor {
                case .mariadb: "BINLOG ADMIN"
                case .mysql: era.since < ServerVersion(8, 0, 14) ? "SUPER" : "SESSION_VARIABLES_ADMIN"
                }
            let global = era.grants.filter { $0.hasSuffix(everywhere) }.map { $0.dropLast(everywhere.count) }
            // SELECT on everything includes the Performance Schema.
            return (
                era.flavor, era.since,
                ["\((global + [Substring(setting), "SELECT"]).joined(separator: ", "))\(everywhere)"]
            )
        }
    }

    private static let everywhere = " ON *.*"

    /// What the statements of a dialect need.
    static func grants(_ dialect: Dialect) -> [String] {
        var global: [String] = []
        var others: [String] = []
        let retention = [dialect.anyFact(.binlogRetention)].compactMap(\.self)
        for privilege in (dialect.facts + [dialect.binlogIndex] + retention).map(\.privileges) where !privilege.isEmpty
        {
            if privilege.contains(" ON ") {
                if !others.contains(privilege) { others.append(privilege) }
            } else if !global.contains(privilege) {
                global.append(privilege)
            }
        }
        return (global.isEmpty ? [] : ["\(global.joined(separator: ", "))\(everywhere)"]) + others
    }

    /// GRANT statements for one account. Those for the newest servers are in comments that only these execute (manuals:
    /// "Comment Syntax"; MariaDB skips those with MySQL's numbers), so that one text fits every server; earlier privileges, which
    /// newer servers have as well but with another meaning, are for a person to choose.
    func statements(_ name: String) -> [String] {
        if let before {
            return grants.map { "-- \(flavor.title) \(since.short) to before \(before.short): GRANT \($0) TO \(name);" }
        }
        let mark = "\(flavor == .mariadb ? "M" : "")!\(since.number)"
        return grants.map { "/*\(mark) GRANT \($0) TO \(name) */;" }
    }
}

extension ServerVersion {
    var short: String { patch == 0 ? "\(major).\(minor)" : "\(self)" }

    /// As in executable comments.
    fileprivate var number: Int { Int(major) * 10_000 + Int(minor) * 100 + Int(patch) }
}

extension Service {
    /// Whether it has servers of a flavor.
    fileprivate func runs(_ flavor: Flavor) -> Bool {
        switch self {
        case .unmanaged, .rds: true
        case .aurora, .azure, .cloudSQL: flavor == .mysql
        }
    }
}

extension Dialect.Era {
    /// What the servers of this era are asked where a service runs them.
    fileprivate func dialect(on service: Service) -> Dialect {
        let dialect = dialect.adapted(to: service)
        return service == .rds && flavor == .mariadb ? dialect.callingForStatus(keepingRows: false) : dialect
    }
}
