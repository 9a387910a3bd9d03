/// Where in a file something stands, for messages about what it leads to.
package struct Origin: Sendable, Equatable {
    package var file: String
    package var at: Position

    package init(file: String, at: Position) {
        self.file = file
        self.at = at
    }

    /// Moving a line changes nothing: two configurations are equal when they say the same.
    package static func == (left: Origin, right: Origin) -> Bool { true }

    package func error(_ message: String) -> ConfigurationError {
        ConfigurationError(Problem(file: file, line: at.line, column: at.column, message: message))
    }
}
