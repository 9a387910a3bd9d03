extension Selector {
    /// An expression whose series are those selected.
    func applied(toExpression expression: String) -> String {
        matchers.isEmpty ? expression : applied(to: expression) { $0.text }
    }

    /// A text of an alert, whose queries (`printf "…"`) are about the series selected.
    func applied(toTemplate template: String) -> String {
        if matchers.isEmpty { return template }
        let opening = "printf \""
        var result = ""
        var rest = template[...]
        while let start = rest.firstRange(of: opening), let end = rest[start.upperBound...].firstIndex(of: "\"") {
            result += rest[..<start.upperBound]
            result += applied(to: String(rest[start.upperBound..<end])) { $0.templateText }
            rest = rest[end...]
        }
        return result + rest
    }

    /// Adds the matchers to each series. Names of series are recognized by what no label or function has.
    private func applied(to expression: String, _ text: (Matcher) -> String) -> String {
        var result = ""
        var rest = expression[...]
        while let first = rest.first {
            if first == "\"" || first == "'" {
                let end = rest.dropFirst().firstIndex(of: first) ?? rest.index(before: rest.endIndex)
                result += rest[...end]
                rest = rest[end...].dropFirst()
            } else if first.isNamePart {
                let word = rest.prefix { $0.isNamePart }
                rest = rest[word.endIndex...]
                result += word
                guard word.isSeries else { continue }
                result += withMatchers(&rest, text)
            } else {
                result.append(first)
                rest.removeFirst()
            }
        }
        return result
    }

    /// The matchers after a series' name, with those of the selector; removed from `rest`. A job that the selector names is
    /// named by it alone.
    private func withMatchers(_ rest: inout Substring, _ text: (Matcher) -> String) -> String {
        var all = matchers.map(text)
        if rest.first == "{", let end = rest.firstIndex(of: "}") {
            let own = String(rest[..<end].dropFirst())
            rest = rest[end...].dropFirst()
            let isReplaced = own == Self.anyJob && matchers.contains { $0.label == "job" }
            if !own.isEmpty, !isReplaced { all.insert(own, at: 0) }
        }
        return "{" + all.joined(separator: ",") + "}"
    }

    /// The jobs of exporters, where nothing else says which these are.
    static let anyJob = #"job=~"mysql-replication.*""#
}

extension Substring {
    fileprivate var isSeries: Bool {
        self == "up" || hasPrefix("mysql_replication_") || contains(":mysql_replication_")
    }
}

extension Character {
    fileprivate var isNamePart: Bool {
        isASCII && (isLetter || isNumber || self == "_" || self == ":")
    }
}
