import Yams

extension Report {
    /// Reports why a text is not YAML, in Yams' words where a DBA can use them.
    ///
    /// Only the bare reason is taken: the description of a `YamlError` quotes the line, which may hold a password.
    func syntax(_ error: any Error, scalars: [Unicode.Scalar]) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let at = Position(line: mark.line, column: mark.column)
            let message = [problem, context?.text].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
            self.problem(at, "not valid YAML: " + message + hint(at: at, problem: problem, scalars: scalars))
        case YamlError.reader(let problem, let offset, _, let yaml):
            // The offset counts characters, and is past the end of what could be decoded if it is missing.
            let before = yaml.prefix(offset ?? yaml.count)
            let lineStart = before.lastIndex { $0.isNewline }.map { before.index(after: $0) } ?? before.startIndex
            let at = Position(
                line: before.count(where: \.isNewline) + 1, column: before[lineStart...].unicodeScalars.count + 1)
            self.problem(at, "not valid YAML: \(problem)")
        default:
            self.problem(.start, "not valid YAML")
        }
    }

    private func hint(at position: Position, problem: String, scalars: [Unicode.Scalar]) -> String {
        if problem.hasPrefix("mapping values are not allowed") { return "; quote a value that holds ': '" }
        if problem.hasPrefix("but found another document") { return "; a configuration is one document" }
        let lines = scalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(position.line - 1) else { return "" }
        let line = lines[position.line - 1]
        guard let culprit = line.dropFirst(position.column - 1).first else { return "" }
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
            return "; tabs cannot indent YAML, use spaces"
        }
        return ["@", "`", "%"].contains(culprit) ? "; quote a value that begins with '\(culprit)'" : ""
    }
}
