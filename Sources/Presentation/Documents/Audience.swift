import Replication

/// The servers for which statements are wanted; empty if they are not known.
struct Audience {
    var servers: [ServerIdentity] = []
    /// The managed services that run them, each once.
    var services: [Service] = []

    private func has(_ flavor: Flavor) -> Bool { servers.isEmpty || servers.contains { $0.flavor == flavor } }

    func fits(_ heading: StatementHeading) -> Bool {
        guard let flavor = heading.flavor else { return true }
        guard has(flavor) else { return false }
        return servers.isEmpty || servers.contains { $0.flavor == flavor && heading.versions.fit($0.version) }
    }

    /// Whether a table's column is for one of them: those for a flavor begin with its name.
    func fits(column: String) -> Bool {
        guard let flavor = Flavor.allCases.first(where: { column == $0.title || column.hasPrefix($0.title + " (") })
        else {
            return true
        }
        return has(flavor)
    }

    /// `MariaDB 10.11.6`; of several versions, all.
    var words: String {
        var seen: [String] = []
        for server in servers {
            let name = "\(server.flavor.title) \(server.version)"
            if !seen.contains(name) { seen.append(name) }
        }
        return seen.joined(separator: ", ")
    }
}

/// The first line of a block of statements, which says where to run it: `-- MySQL 8.0.23 and later, the replica (2061)`.
struct StatementHeading {
    enum Versions: Equatable {
        case all
        case since(ServerVersion)
        case before(ServerVersion)

        func fit(_ version: ServerVersion) -> Bool {
            switch self {
            case .all: true
            case .since(let first): version >= first
            case .before(let end): version < end
            }
        }
    }

    /// Nil for both.
    let flavor: Flavor?
    let versions: Versions
    /// `the replica`
    let role: Substring
    /// Without the comment's marks.
    let text: String

    /// Nil for a line that is not such a heading.
    init?(_ line: String?) {
        guard let line, let mark = ["-- ", "# "].first(where: line.hasPrefix) else { return nil }
        text = String(line.dropFirst(mark.count))
        let place = text.prefix { $0 != "(" }
        guard let flavor = Flavor.allCases.first(where: { place.hasPrefix($0.title) }),
            let comma = place.firstRange(of: ", ")
        else {
            self.flavor = nil
            versions = .all
            role = place.trimmedSpaces
            return
        }
        self.flavor = flavor
        versions = Self.versions(place[..<comma.lowerBound].dropFirst(flavor.title.count).trimmedSpaces)
        role = place[comma.upperBound...].trimmedSpaces
    }

    /// What is not understood excludes nobody.
    private static func versions(_ text: Substring) -> Versions {
        if text.hasSuffix(" and later"), let first = version(text.dropLast(" and later".count)) { return .since(first) }
        if text.hasPrefix("before "), let end = version(text.dropFirst("before ".count)) { return .before(end) }
        return .all
    }

    private static func version(_ text: Substring) -> ServerVersion? {
        text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") } ? ServerVersion(String(text)) : nil
    }
}

extension Substring {
    fileprivate var trimmedSpaces: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
