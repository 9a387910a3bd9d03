extension String {
    /// The text without characters that control a terminal or reverse the reading direction: text from servers is untrusted.
    package var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.isControlling ? "·" : $0 }))
    }
}

extension Unicode.Scalar {
    /// Whether the character controls a terminal, ends a line or reverses the reading direction.
    package var isControlling: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
