/// The position in a file that a value comes from, for later error messages about the value.
package struct Origin: Sendable, Equatable {
    package var file: String
    package var at: Position

    package init(file: String, at: Position) {
        self.file = file
        self.at = at
    }

    /// Always equal: moving a line does not change a configuration.
    package static func == (left: Origin, right: Origin) -> Bool { true }

    package func error(_ message: String) -> ConfigurationError {
        ConfigurationError(Problem(file: file, line: at.line, column: at.column, message: message))
    }
}
