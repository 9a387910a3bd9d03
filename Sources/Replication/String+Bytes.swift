extension String {
    /// Compares byte for byte. Swift's `==` equates "é" as one scalar with "é" as two; to a server these are different
    /// names.
    package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
