extension String {
    /// The text without what would steer a terminal, or turn around the reading direction: a server's words are anybody's.
    package var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.isControlling ? "·" : $0 }))
    }
}

extension Unicode.Scalar {
    /// Steers a terminal, ends a line, or turns around the reading direction.
    package var isControlling: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
