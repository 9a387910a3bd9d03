/// One thing that is wrong (or doubtful) in what the user configured, and where.
package struct Problem: Sendable, Equatable, Hashable, CustomStringConvertible {
    /// The file as the user gave it, or `--node` for that flag, or empty for the environment.
    package let file: String
    /// Counted from 1; 0 if the problem has no position within the file.
    package let line: Int
    /// Counted from 1 in Unicode scalars, as editors do; 0 if the problem concerns the whole line or file.
    package let column: Int
    /// What is wrong. Never contains a password, or a line of a file that may contain one.
    package let message: String
    /// What the user probably meant to write.
    package let suggestion: String?

    package init(file: String, line: Int = 0, column: Int = 0, message: String, suggestion: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.suggestion = suggestion
    }

    /// `shop.yml:12:9: unknown key 'tiemout'; did you mean 'timeout'?`
    package var description: String {
        var location = file
        if line > 0 { location += ":\(line)" }
        if line > 0, column > 0 { location += ":\(column)" }
        let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        return (location.isEmpty ? "" : location + ": ") + message + hint
    }
}

/// Something that works, but that the user will want to know about.
package typealias Warning = Problem

/// Everything that is wrong with a configuration, in the order of the file.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// At least one.
    package let problems: [Problem]

    package init(problems: [Problem]) {
        self.problems = problems
    }

    package init(_ problem: Problem) {
        self.init(problems: [problem])
    }

    /// One line per problem, without a final newline.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
