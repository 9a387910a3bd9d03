import Replication
package import Topology
package import Traffic

/// The answer to a load balancer's check, with everything that the decision is based on.
package enum WriterJSON {
    package static func json(
        _ reply: CheckReply, of node: String, _ check: NodeCheck, _ state: OperatorState, _ set: SetFindings?
    )
        -> JSONText
    {
        let answer: [(String, JSONText)] = [
            ("node", .string(node)), ("check", .string(check.rawValue)), ("passed", .bool(reply.status == 200)),
            ("status", .number(Double(reply.status))), ("reason", .string(reply.reason)),
            ("operator_state", .string(state.rawValue)),
        ]
        return .object(answer + (set.map(decision) ?? []))
    }

    private static func decision(_ set: SetFindings) -> [(String, JSONText)] {
        let writing = set.writing
        return [
            ("replication_set", .string(set.name)),
            ("writers", .array(set.writers.map { .string($0) })),
            ("writers_known", .bool(writing.writers.isKnown)),
            ("no_primary_because", .optional(set.primary.reason)),
            ("writers_before", .array(writing.incumbents.sorted().map { .string($0) })),
            ("operators_word", .optional(writing.operatorsWord)),
            ("conflicts", .array(writing.conflicts.map(json))),
            ("nodes", .array(set.nodes.map { json($0.description.name, writing.standings[$0.description.name]) })),
        ]
    }

    private static func json(_ conflict: WriterConflict) -> JSONText {
        .object([
            ("nodes", .array(conflict.nodes.map { .string($0) })), ("writes_on", .optional(conflict.winner)),
            ("came_later", .optional(conflict.newcomer)),
            ("decided_by_operator", .bool(conflict.isDecided)),
            (
                "speaks_for",
                .object(
                    conflict.nodes.map { name in
                        (name, .array((conflict.merits[name] ?? []).map { .string($0.rawValue) }))
                    })
            ),
        ])
    }

    private static func json(_ name: String, _ standing: NodeStanding?) -> JSONText {
        guard let standing else { return .object([("name", .string(name))]) }
        return .object([
            ("name", .string(name)), ("answers", .bool(standing.isAnswering)),
            ("writable", .optional(standing.isWritable)),
            ("read_only_switches", .array(standing.readOnlySwitches.map { .string($0) })),
            ("writable_replica", .bool(standing.isWritableReplica)),
            (
                "channels",
                .array(
                    standing.ties.map {
                        .object([
                            ("name", .string($0.channel)), ("source", .string($0.source)),
                            ("in_the_way", .bool($0.isObstacle)),
                        ])
                    })
            ),
            ("received_by", .array(standing.receivers.map { .string($0) })),
            ("obstacles", .array(standing.obstacles.map { .string($0) })),
            ("wait_seconds", .optional(standing.wait)),
        ])
    }
}
