import MariaDB
@testable import Checksums
import Replication
import Testing

@testable import Presentation

@Suite("The result of a comparison as text")
struct ChecksumTextTests {
    private static let orders = TableName(database: "shop", table: "orders")

    private static func report(_ outcomes: ChecksumReport.Outcome..., isInterrupted: Bool = false) -> ChecksumReport {
        ChecksumReport(
            primary: "db1", replicas: ["db2", "db3"],
            tables: outcomes.map { ChecksumReport.Table(name: orders, outcome: $0) }, isInterrupted: isInterrupted)
    }

    private static func compared(_ answer: ChecksumReport.Answer) -> ChecksumReport.Outcome {
        .compared(
            .init(
                answers: [.init(node: "db2", answer: answer), .init(node: "db3", answer: .equal)], chunks: 5, rows: 1))
    }

    private static let different = compared(
        .different(
            [
                .init(chunk: 2, range: "id > 1 and id <= 2", rowsOnSource: 10, rowsOnReplica: 9),
                .init(chunk: 3, range: "id > 2 and id <= 3", rowsOnSource: 10, rowsOnReplica: 10),
            ], count: 7))

    @Test(
        "The worst table decides; a known difference outranks an unknown result",
        arguments: [
            ([], .equal), ([compared(.equal)], .equal), ([compared(.equal), .leftOut("why")], .incomplete),
            ([compared(.unknown("late")), .leftOut("why")], .unknown), ([.failed("why")], .unknown),
            ([different, compared(.unknown("late"))], .different),
            ([.structureDiffers([.init(node: "db2", difference: "it is missing")])], .different),
        ] as [([ChecksumReport.Outcome], ChecksumReport.Status)])
    func status(outcomes: [ChecksumReport.Outcome], status: ChecksumReport.Status) {
        let report = ChecksumReport(
            primary: "db1", replicas: ["db2"],
            tables: outcomes.map { ChecksumReport.Table(name: Self.orders, outcome: $0) }, isInterrupted: false)
        #expect(report.status == status)
    }

    @Test("An interrupted run is never equal")
    func interrupted() {
        #expect(Self.report(isInterrupted: true).status == .unknown)
        #expect(Self.report(Self.compared(.equal), isInterrupted: true).status == .unknown)
    }

    @Test("Differences are listed by replica and range; equal replicas are not listed")
    func text() {
        #expect(
            ChecksumText.text(
                Self.report(Self.different, .leftOut("no key"), Self.compared(.unknown("it is late"))), resume: "")
                    == """
                    shop.orders (1 row, 5 chunks)
                      db2: 7 chunks DIFFERENT
                        chunk 2: id > 1 and id <= 2 (10 rows on the source, 9 here)
                        chunk 3: id > 2 and id <= 3 (10 rows)
                        and 5 more
                    shop.orders: NOT COMPARED: no key
                    shop.orders (1 row, 5 chunks)
                      db2: UNKNOWN: it is late
                    db1 and its replicas are DIFFERENT
                    """)
        #expect(
            ChecksumText.text(Self.report(Self.compared(.equal)), resume: "")
                == "shop.orders: equal (1 row, 5 chunks)\n1 table of db1 is equal on db2, db3")
        var earlier = ChecksumReport.Comparison(answers: [], chunks: 5, rows: 2)
        earlier.isEarlier = true
        #expect(
            ChecksumText.text(Self.report(.compared(earlier)), resume: "").hasPrefix(
                "shop.orders: equal (2 rows, 5 chunks, by an earlier run)"))
        #expect(ChecksumText.text(Self.report(isInterrupted: true), resume: "go on") == "interrupted; go on")
    }

    @Test("The JSON result")
    func json() {
        #expect(
            ChecksumText.json(Self.report(.leftOut("a \"reason\""))).text
                == #"{"status":"incomplete","interrupted":false,"primary":"db1","replicas":["db2","db3"],"tables":"#
                + #"[{"database":"shop","table":"orders","outcome":"left_out","reason":"a \"reason\""}]}"#)
    }
}
