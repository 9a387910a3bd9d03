extension Report {
    /// Reports why a text is not YAML, in libyaml's words where they are useful.
    func syntax(_ error: YAMLSyntaxError, of text: String) {
        switch error.place {
        case .byte(let offset):
            problem(position(ofByte: offset, in: text), "not valid YAML: \(error.problem)")
        case .scalar(let index, let at):
            if let begin = error.contextAt, let context = error.context,
                ["while scanning an anchor", "while scanning an alias"].contains(context)
            {
                return reference(begin)
            }
            let message = [error.problem, error.context].compactMap(\.self).joined(separator: " ")
            problem(at, "not valid YAML: " + message + hint(error, index: index, column: at.column, text: text))
        }
    }

    /// Refuses an anchor or an alias.
    func reference(_ at: Position) {
        problem(at, "anchors and aliases (& and *) are not supported; quote the value, or \(adviceOnSharing)")
    }

    private func hint(_ error: YAMLSyntaxError, index: Int, column: Int, text: String) -> String {
        if error.problem.hasPrefix("mapping values are not allowed") { return "; quote a value that contains ': '" }
        if error.problem == "found undefined tag handle" || error.context?.hasSuffix(" a tag") == true {
            return "; quote a value that begins with '!'"
        }
        let line = text.unicodeScalars.dropFirst(max(0, index - (column - 1))).prefix { $0 != "\n" }
        guard let culprit = line.dropFirst(column - 1).first else { return "" }
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
            return "; tabs cannot indent YAML, use spaces"
        }
        return ["@", "`", "%"].contains(culprit) ? "; quote a value that begins with '\(culprit)'" : ""
    }

    private func position(ofByte offset: Int, in text: String) -> Position {
        let end = text.utf8.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex)
        let before = text[..<(end ?? text.endIndex)]
        let lineStart = before.lastIndex { $0.isNewline }.map { before.index(after: $0) } ?? before.startIndex
        return Position(
            line: before.count(where: \.isNewline) + 1, column: before[lineStart...].unicodeScalars.count + 1)
    }
}
