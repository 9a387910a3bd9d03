extension String {
    /// Byte for byte. Swift's `==` takes "é" for the same in one scalar or two; to a server these are different names.
    package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
