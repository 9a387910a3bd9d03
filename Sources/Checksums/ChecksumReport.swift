package import Replication

/// The result of a comparison.
package struct ChecksumReport: Sendable {
    /// A chunk whose rows differ on the replica.
    package struct Difference: Sendable, Equatable {
        package var chunk: Int
        /// In words, in terms of the key's columns: `id > 100 and id <= 200`.
        package var range: String
        package var rowsOnSource: UInt64
        package var rowsOnReplica: UInt64
    }

    /// The result for a table on one replica.
    package enum Answer: Sendable, Equatable {
        case equal
        /// The first differences, and how many there are.
        case different([Difference], count: UInt64)
        /// It cannot be determined; the text says why.
        case unknown(String)
    }

    package struct NodeAnswer: Sendable, Equatable {
        package var node: String
        package var answer: Answer
    }

    package struct NodeStructure: Sendable, Equatable {
        package var node: String
        /// How the table differs there, in words.
        package var difference: String
    }

    /// The results for a table that was compared.
    package struct Comparison: Sendable, Equatable {
        /// In the order of the configuration.
        package var answers: [NodeAnswer]
        package var chunks: Int
        package var rows: UInt64
        /// Carried over as a whole from an earlier run, however long ago.
        package var isEarlier = false
    }

    package enum Outcome: Sendable, Equatable {
        case compared(Comparison)
        /// The table's structure differs on some replicas: a checksum statement for it could stop their replication.
        case structureDiffers([NodeStructure])
        /// Not compared, and why.
        case leftOut(String)
        /// It was to be compared, but could not be.
        case failed(String)
    }

    package struct Table: Sendable, Equatable {
        package var name: TableName
        package var outcome: Outcome
    }

    /// The overall result: the worst of the tables.
    package enum Status: Int, Sendable, Comparable {
        case equal = 0
        /// What was compared is equal, and some tables were not compared.
        case incomplete = 1
        case different = 2
        /// The result of some comparisons could not be determined.
        case unknown = 3

        package static func < (left: Status, right: Status) -> Bool { left.rank < right.rank }

        /// A known difference outranks an unknown result.
        private var rank: Int {
            switch self {
            case .equal: 0
            case .incomplete: 1
            case .unknown: 2
            case .different: 3
            }
        }
    }

    package var primary: String
    package var replicas: [String]
    package var tables: [Table]
    /// It was interrupted; the missing tables have not been compared.
    package var isInterrupted: Bool

    package var status: Status {
        let worst = tables.map(\.outcome.status).max() ?? .equal
        return isInterrupted ? max(worst, .unknown) : worst
    }
}

extension ChecksumReport.Outcome {
    /// Why nothing was compared; empty if something was.
    package var words: String {
        switch self {
        case .compared: ""
        case .structureDiffers(let nodes):
            nodes.map { "on \($0.node) \($0.difference)" }.joined(separator: "; ")
        case .leftOut(let reason), .failed(let reason): reason
        }
    }

    fileprivate var status: ChecksumReport.Status {
        switch self {
        case .structureDiffers: .different
        case .leftOut: .incomplete
        case .failed: .unknown
        case .compared(let comparison):
            comparison.answers.map { answer in
                switch answer.answer {
                case .equal: ChecksumReport.Status.equal
                case .different: .different
                case .unknown: .unknown
                }
            }.max() ?? .unknown
        }
    }
}
