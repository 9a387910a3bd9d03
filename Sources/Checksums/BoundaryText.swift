/// A boundary as stored in the checksum table. pt-table-checksum writes the values for the placeholders of its
/// condition, which for a key of several columns is `a`, `a, b`, `a, b, c` in a row; this does the same for
/// compatibility.
enum BoundaryText {
    static func text(_ boundary: ChunkRange.Boundary) -> String {
        joined(boundary.indices.flatMap { boundary[...$0] })
    }

    static func boundary(_ text: String) -> ChunkRange.Boundary {
        let values = split(text)
        // n columns yield n (n + 1) / 2 values, the last n of which are the boundary.
        let columns = (1...values.count).first { $0 * ($0 + 1) / 2 >= values.count } ?? 1
        return Array(values.suffix(columns))
    }

    private static func joined(_ values: [String]) -> String {
        values.map { value in
            var text = String.UnicodeScalarView()
            for scalar in value.unicodeScalars {
                if scalar == "\\" || scalar == "," { text.append("\\") }
                text.append(scalar)
            }
            return String(text)
        }.joined(separator: ",")
    }

    private static func split(_ text: String) -> [String] {
        var values = [""]
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                values[values.count - 1].unicodeScalars.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "," {
                values.append("")
            } else {
                values[values.count - 1].unicodeScalars.append(scalar)
            }
        }
        return values
    }
}
