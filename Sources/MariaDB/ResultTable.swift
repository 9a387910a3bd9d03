/// The rows of one statement, copied out of the library.
///
/// Columns are found by name, never by position: servers insert new ones anywhere (MariaDB manual, SHOW REPLICA STATUS:
/// "always use column names"). Values stay the bytes that the server sent until they are accessed.
package struct ResultTable: Sendable {
    private let place: TablePlace
    /// Shared with the other tables of the reply.
    private let cells: CellBuffer

    init(_ place: TablePlace, in cells: CellBuffer) {
        self.place = place
        self.cells = cells
    }

    /// A table from literal cells, for fixtures and tests.
    package init(columns: [String], rows: [[String?]]) {
        var cells = CellBuffer()
        for row in rows {
            for index in columns.indices {
                if let cell = index < row.count ? row[index] : nil {
                    Array(cell.utf8).withUnsafeBufferPointer { cells.append($0) }
                } else {
                    cells.append(nil)
                }
            }
        }
        self.init(TablePlace(columns: ColumnNames(columns), affectedRows: 0, cells: 0..<cells.count), in: cells)
    }

    package var columns: ColumnNames { place.columns }
    /// For a statement that returns no rows: how many it changed. An UPDATE does not count rows that already had the new values.
    package var affectedRows: UInt64 { place.affectedRows }
    package var rowCount: Int { columns.count == 0 ? 0 : place.cells.count / columns.count }
    package var isEmpty: Bool { place.cells.isEmpty }
    package var rows: Rows { Rows(table: self) }
    package var first: Row? { isEmpty ? nil : Row(table: self, index: 0) }

    fileprivate func withCell<Value>(row: Int, column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        cells.withCell(place.cells.lowerBound + row * columns.count + column, body)
    }

    /// The value of `column` in the first row whose `key` is exactly this text.
    package func text(of column: String, where key: String, is text: String) -> String? {
        guard let key = columns[key], let column = columns[column] else { return nil }
        var text = text
        return text.withUTF8 { wanted in
            for row in 0..<rowCount {
                let isFound = withCell(row: row, column: key) { $0.count == wanted.count && $0.elementsEqual(wanted) }
                if isFound == true { return withCell(row: row, column: column) { String(decoding: $0, as: UTF8.self) } }
            }
            return nil
        }
    }

    package struct Rows: RandomAccessCollection, Sendable {
        let table: ResultTable

        package var startIndex: Int { 0 }
        package var endIndex: Int { table.rowCount }
        package subscript(index: Int) -> Row { Row(table: table, index: index) }

        package struct Iterator: IteratorProtocol {
            let table: ResultTable
            var index = 0

            package mutating func next() -> Row? {
                guard index < table.rowCount else { return nil }
                defer { index += 1 }
                return Row(table: table, index: index)
            }
        }

        package func makeIterator() -> Iterator { Iterator(table: table) }
    }

    /// One row. An accessor returns nil for NULL, for a column that the server does not have, and for a value that is not of the
    /// requested type; `has` distinguishes the second from the others.
    package struct Row: Sendable {
        let table: ResultTable
        let index: Int

        /// Every value in the order of the columns; nil for NULL.
        package var texts: [String?] {
            (0..<table.columns.count).map { column in
                table.withCell(row: index, column: column) { String(decoding: $0, as: UTF8.self) }
            }
        }

        package func has(_ column: String) -> Bool { table.columns[column] != nil }

        package func text(_ column: String) -> String? {
            cell(column) { String(decoding: $0, as: UTF8.self) }
        }

        /// The text if it starts so; nil for any other.
        package func text(_ column: String, startingWith prefix: StaticString) -> String? {
            cell(column) { bytes in
                let start = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
                return bytes.starts(with: start) ? String(decoding: bytes, as: UTF8.self) : nil
            }
        }

        /// An unsigned whole number.
        package func unsigned(_ column: String) -> UInt64? { cell(column, \.wholeNumber) }

        /// A whole number, as the server writes it.
        package func integer(_ column: String) -> Int64? {
            cell(column) { Int64(String(decoding: $0, as: UTF8.self)) }
        }

        /// An unsigned 32-bit number, such as a server id; nil for a larger one.
        package func unsigned32(_ column: String) -> UInt32? { unsigned(column).flatMap { UInt32(exactly: $0) } }

        /// Epoch seconds, from 1970 to beyond the year 5000; nil for a time outside of that.
        package func time(_ column: String) -> Double? {
            number(column).flatMap { (0...1e11).contains($0) ? $0 : nil }
        }

        /// Seconds from one time to another, either way: at most the range of `time`; nil for a longer span.
        package func span(_ column: String) -> Double? {
            number(column).flatMap { (-1e11...1e11).contains($0) ? $0 : nil }
        }

        /// A decimal number; nil for NaN and infinities.
        package func number(_ column: String) -> Double? {
            cell(column) { $0.shortDecimal ?? Double(String(decoding: $0, as: UTF8.self)) }
                .flatMap { $0.isFinite ? $0 : nil }
        }

        /// Yes/No, ON/OFF, 1/0, TRUE/FALSE; nil for every other word, so that a state such as `Connecting` is never taken
        /// for either.
        package func flag(_ column: String) -> Bool? {
            cell(column) { word in
                if word.reads("yes") || word.reads("on") || word.reads("1") || word.reads("true") { return true }
                if word.reads("no") || word.reads("off") || word.reads("0") || word.reads("false") { return false }
                return nil
            }
        }

        private func cell<Value>(_ column: String, _ body: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
            guard let column = table.columns[column] else { return nil }
            return table.withCell(row: index, column: column, body)
        }
    }
}
