import Checksums
import Replication
import Testing

@testable import Exporter

@Suite("The command checksum")
struct ChecksumCommandTests {
    @Test("Each status has its exit code")
    func exitCodes() {
        #expect([.equal, .incomplete, .different, .unknown].map(\ChecksumReport.Status.exitCode) == [0, 1, 2, 3])
    }

    @Test("The bar fills with the rows, and stops when it is full")
    func bar() {
        let orders = TableName(database: "shop", table: "orders")
        var text = ChecksumProgressText()
        #expect(
            text.note(.started(primary: "db1", replicas: ["db2"], tables: 3)) == "comparing 3 tables of db1 with db2")
        #expect(text.bar(width: 4) == nil)
        #expect(text.note(.table(orders, number: 2, rows: 1000)) == nil)
        #expect(text.bar(width: 4) == "[░░░░] table 2 of 3: shop.orders, chunk 0, 0 rows")
        #expect(text.note(.chunk(7, rows: 500)) == nil)
        #expect(text.bar(width: 4) == "[██░░] table 2 of 3: shop.orders, chunk 7, 500 rows")
        #expect(text.note(.chunk(9, rows: 5000)) == nil)
        #expect(text.bar(width: 4) == "[████] table 2 of 3: shop.orders, chunk 9, 5000 rows")
        #expect(text.note(.paused("db2 lags")) == "paused: db2 lags")
        #expect(text.note(.finished(orders, chunks: 9, rows: 5000)) == "shop.orders: 5000 rows in 9 chunks")
        #expect(text.bar(width: 4) == nil)
    }
}
