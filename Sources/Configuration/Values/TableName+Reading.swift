internal import Documents
internal import Replication

extension TableName {
    /// Reads `database.table`.
    init(_ text: String) throws(Malformed) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Malformed("must be database.table, not \(shown(text))")
        }
        guard parts.allSatisfy(Self.isIdentifier) else {
            throw Malformed("may contain only letters, digits, '_', '-' and '$', at most 64 per name")
        }
        self.init(database: parts[0], table: parts[1])
    }

    private static func isIdentifier(_ text: String) -> Bool {
        text.unicodeScalars.count <= 64
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
                    || scalar == "_" || scalar == "-" || scalar == "$"
            }
    }
}
