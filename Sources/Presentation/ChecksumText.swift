import MariaDB
package import Checksums
import Replication

/// A comparison's result, for people and for programs.
package enum ChecksumText {
    package static func text(_ report: ChecksumReport, resume: String) -> String {
        if report.isInterrupted { return "interrupted; \(resume)" }
        return (report.tables.flatMap { lines($0) } + [verdict(report)]).joined(separator: "\n")
    }

    package static func json(_ report: ChecksumReport) -> JSONText {
        .object([
            ("status", .string(report.status.word)), ("interrupted", .bool(report.isInterrupted)),
            ("primary", .string(report.primary)), ("replicas", .array(report.replicas.map { .string($0) })),
            ("tables", .array(report.tables.map { json($0) })),
        ])
    }

    // MARK: - Text

    private static func lines(_ table: ChecksumReport.Table) -> [String] {
        let name = table.name.description.printable
        guard case .compared(let comparison) = table.outcome else {
            return ["\(name): NOT COMPARED: \(table.outcome.words.printable)"]
        }
        let size =
            "\(Amount.count(comparison.rows, "row")), \(Amount.count(comparison.chunks, "chunk"))"
            + (comparison.isEarlier ? ", by an earlier run" : "")
        let answers = comparison.answers.filter { $0.answer != .equal }
        if answers.isEmpty { return ["\(name): equal (\(size))"] }
        return ["\(name) (\(size))"] + answers.flatMap { lines($0) }
    }

    private static func lines(_ answer: ChecksumReport.NodeAnswer) -> [String] {
        switch answer.answer {
        case .equal: []
        case .unknown(let reason): ["  \(answer.node): UNKNOWN: \(reason.printable)"]
        case .different(let differences, let count):
            ["  \(answer.node): \(Amount.count(count, "chunk")) DIFFERENT"]
                + differences.map { difference in
                    let rows =
                        difference.rowsOnReplica == difference.rowsOnSource
                        ? Amount.count(difference.rowsOnSource, "row")
                        : "\(difference.rowsOnSource) rows on the source, \(difference.rowsOnReplica) here"
                    return "    chunk \(difference.chunk): \(difference.range.printable) (\(rows))"
                } + (count > UInt64(differences.count) ? ["    and \(count - UInt64(differences.count)) more"] : [])
        }
    }

    private static func verdict(_ report: ChecksumReport) -> String {
        let nodes = report.replicas.joined(separator: ", ")
        return switch report.status {
        case .equal where report.tables.isEmpty: "there are no tables to compare"
        case .equal:
            "\(Amount.count(report.tables.count, "table")) of \(report.primary) "
                + "\(report.tables.count == 1 ? "is" : "are") equal on \(nodes)"
        case .incomplete: "the compared tables are equal on \(nodes); not all tables were compared"
        case .different: "\(report.primary) and its replicas are DIFFERENT"
        case .unknown: "unknown whether all tables are equal"
        }
    }

    // MARK: - JSON

    private static func json(_ table: ChecksumReport.Table) -> JSONText {
        let name: [(String, JSONText)] = [
            ("database", .string(table.name.database)), ("table", .string(table.name.table)),
        ]
        return switch table.outcome {
        case .compared(let comparison):
            .object(
                name + [
                    ("outcome", .string("compared")), ("chunks", .number(Double(comparison.chunks))),
                    ("rows", .number(Double(comparison.rows))), ("earlier_run", .bool(comparison.isEarlier)),
                    ("replicas", .array(comparison.answers.map { json($0) })),
                ])
        case .structureDiffers:
            .object(name + [("outcome", .string("structure_differs")), ("reason", .string(table.outcome.words))])
        case .leftOut(let reason): .object(name + [("outcome", .string("left_out")), ("reason", .string(reason))])
        case .failed(let reason): .object(name + [("outcome", .string("failed")), ("reason", .string(reason))])
        }
    }

    private static func json(_ answer: ChecksumReport.NodeAnswer) -> JSONText {
        let node = ("node", JSONText.string(answer.node))
        return switch answer.answer {
        case .equal: .object([node, ("answer", .string("equal"))])
        case .unknown(let reason): .object([node, ("answer", .string("unknown")), ("reason", .string(reason))])
        case .different(let differences, let count):
            .object([
                node, ("answer", .string("different")), ("chunks", .number(Double(count))),
                ("differences", .array(differences.map { json($0) })),
            ])
        }
    }

    private static func json(_ difference: ChecksumReport.Difference) -> JSONText {
        .object([
            ("chunk", .number(Double(difference.chunk))), ("range", .string(difference.range)),
            ("rows_on_source", .number(Double(difference.rowsOnSource))),
            ("rows_on_replica", .number(Double(difference.rowsOnReplica))),
        ])
    }
}

extension ChecksumReport.Status {
    fileprivate var word: String {
        switch self {
        case .equal: "equal"
        case .incomplete: "incomplete"
        case .different: "different"
        case .unknown: "unknown"
        }
    }
}
