/// Composes `YAMLValue`s from libyaml's events, in one pass that reports everything a configuration may not contain.
package struct YAMLDocument: ~Copyable {
    /// Deeper than any real configuration is nested.
    static let maximumDepth = 32

    /// Composing cannot go on; the report has the reason.
    private struct Refused: Error {}

    private let text: String
    private let report: Report
    private var events: YAMLEvents
    private var hasReferences = false

    /// Nil for an empty document, or if the text cannot be composed; then `report` has the reason.
    package static func compose(_ text: String, report: Report) -> YAMLValue? {
        var document = YAMLDocument(text: text, report: report, events: YAMLEvents(text))
        do {
            return try document.compose()
        } catch {
            return nil
        }
    }

    private init(text: String, report: Report, events: consuming YAMLEvents) {
        self.text = text
        self.report = report
        self.events = events
    }

    private mutating func compose() throws(Refused) -> YAMLValue? {
        _ = try next()  // the stream begins
        guard case .documentStart = try next().kind else { return nil }
        let root = try value(next(), depth: 0)
        _ = try next()  // the document ends
        let end = try next()
        guard case .streamEnd = end.kind else {
            report.problem(
                end.at,
                "not valid YAML: found another document; a configuration is a single document")
            throw Refused()
        }
        // Without the values behind the aliases, the reader would report problems that do not exist.
        return hasReferences ? nil : root
    }

    private mutating func next() throws(Refused) -> YAMLEvent {
        do throws(YAMLSyntaxError) {
            return try events.next()
        } catch {
            report.syntax(error, of: text)
            throw Refused()
        }
    }

    private mutating func value(_ event: YAMLEvent, depth: Int) throws(Refused) -> YAMLValue {
        guard depth < Self.maximumDepth else {
            report.problem(event.at, "nested deeper than \(Self.maximumDepth) levels")
            throw Refused()
        }
        if event.hasTag {
            // The message omits the tag's name: it may be an unquoted password.
            report.problem(event.at, "tags (!) are not supported; quote the value, or remove the tag")
        }
        if event.hasAnchor { refuseReference(event.at) }
        switch event.kind {
        case .scalar("", isPlain: true), .scalar("~", isPlain: true), .scalar("null", isPlain: true),
            .scalar("Null", isPlain: true), .scalar("NULL", isPlain: true):
            return YAMLValue(at: event.at, content: .null)
        case .scalar(let text, let isPlain):
            return YAMLValue(at: event.at, content: .text(text, isPlain: isPlain))
        case .listStart:
            return YAMLValue(at: event.at, content: .list(try items(depth: depth + 1)))
        case .dictionaryStart:
            return YAMLValue(at: event.at, content: .dictionary(try entries(depth: depth + 1)))
        case .alias:
            // A few hundred bytes of nested aliases expand to gigabytes, so none is followed.
            refuseReference(event.at)
            return YAMLValue(at: event.at, content: .null)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .listEnd, .dictionaryEnd:
            report.problem(event.at, "not valid YAML")
            throw Refused()
        }
    }

    private mutating func items(depth: Int) throws(Refused) -> [YAMLValue] {
        var items: [YAMLValue] = []
        while true {
            let event = try next()
            if case .listEnd = event.kind { return items }
            items.append(try value(event, depth: depth))
        }
    }

    private mutating func entries(depth: Int) throws(Refused) -> [YAMLValue.Entry] {
        var entries: [YAMLValue.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try next()
            if case .dictionaryEnd = event.kind { return entries }
            _ = try value(event, depth: depth)
            let value = try value(next(), depth: depth)
            switch event.kind {
            case .scalar(let key, _):
                if let first = lines[key] {
                    report.problem(event.at, "duplicate key \(shown(key)), first used on line \(first)")
                } else {
                    lines[key] = event.at.line
                    entries.append(YAMLValue.Entry(key: key, at: event.at, value: value))
                }
            case .alias: break
            default: report.problem(event.at, "a key must be text")
            }
        }
    }

    private mutating func refuseReference(_ at: Position) {
        hasReferences = true
        report.reference(at)
    }
}
