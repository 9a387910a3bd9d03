import Collection
import Configuration
import Documents
import Replication
import Traffic

/// A check that a load balancer asks for: `/nodes/db2/replica?max_lag=10s`, or `db2/replica?max_lag=10s` as an agent check.
struct NodeQuestion: Equatable {
    var node: String
    var check: NodeCheck
    /// Seconds; nil for the threshold of the node's set.
    var maxLag: Double?
    var maxBytes: UInt64?
    var maxTransactions: UInt64?
    /// For `member`: nodes that feed a joiner, or are out of step on purpose, pass too.
    var allowsDonors = false

    private static let limits = ["max_lag", "max_bytes", "max_transactions"]

    struct Malformed: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// - Parameter query: an unknown name is an error, and so is a limit where it has no effect: a typo must not give a false
    ///   sense of safety.
    init(node: String, check: NodeCheck, query: [(name: String, value: String)] = []) throws(Malformed) {
        self.node = node
        self.check = check
        var seen: Set<String> = []
        for (name, value) in query {
            guard Self.limits.contains(name) || name == "donor" else {
                throw Malformed(
                    description:
                        "unknown parameter \(name.debugDescription); use \(Self.limits.joined(separator: ", ")), or donor for member"
                )
            }
            guard name == "donor" ? check == .member : check.hasLimits else {
                throw Malformed(
                    description: name == "donor"
                        ? "donor applies to member only"
                        : "\(name) applies to replica and read-only; \(check.rawValue) has no limits")
            }
            guard seen.insert(name).inserted else { throw Malformed(description: "\(name) is given twice") }
            try take(value, of: name)
        }
    }

    private mutating func take(_ value: String, of name: String) throws(Malformed) {
        switch name {
        case "max_transactions":
            guard let number = UInt64(value) else {
                throw Malformed(description: "max_transactions must be a whole number")
            }
            maxTransactions = number
        case "donor":
            guard ["yes", "no"].contains(value) else { throw Malformed(description: "donor must be yes or no") }
            allowsDonors = value == "yes"
        default:
            do throws(Quantity.Malformed) {
                if name == "max_lag" {
                    maxLag = try Quantity.duration(value).seconds
                } else {
                    maxBytes = try Quantity.bytes(value)
                }
            } catch {
                throw Malformed(description: "\(name) \(error)")
            }
        }
    }

    /// Parses the line of an agent check: a node's name, optionally a check (read-only by default) and limits.
    init(line: String) throws(Malformed) {
        let parts = line.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard !path[0].isEmpty else { throw Malformed(description: "agent-send does not name a node") }
        let word = path.count > 1 ? path[1] : NodeCheck.readOnly.rawValue
        guard let check = NodeCheck(rawValue: word) else {
            throw Malformed(description: "no check is named \(word.debugDescription)")
        }
        let query = parts.dropFirst().joined().split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (name: halves[0], value: halves.count > 1 ? halves[1] : "")
        }
        try self.init(node: path[0], check: check, query: query)
    }
}
