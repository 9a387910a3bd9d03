/// Where in a file something stands, for messages about what it leads to.
struct Origin: Sendable, Equatable {
    var file: String
    var at: Position

    /// Moving a line changes nothing: two configurations are equal when they say the same.
    static func == (left: Origin, right: Origin) -> Bool { true }

    func error(_ message: String) -> ConfigurationError {
        ConfigurationError(Problem(file: file, line: at.line, column: at.column, message: message))
    }
}
