import Yams

/// Composes YAML with Yams and turns the nodes into `YAMLValue`s.
///
/// Yams stops at the first dictionary with a repeated key. So a repeated key is reported, overwritten in the text by
/// a name nobody can have written (of the same length: later columns stay true), and the text composed again.
struct YAMLDocument {
    /// Dashes and braces nested deeper than any configuration.
    static let maximumDepth = 32
    /// Each round costs a parse of the whole text.
    static let maximumRounds = 32

    let report: Report
    private var scalars: [Unicode.Scalar]
    private var placeholders: Set<String> = []

    /// Nil for an empty document, or when the text is no YAML; then `report` has the reason.
    static func compose(_ text: String, report: Report) -> YAMLValue? {
        var document = YAMLDocument(report: report, scalars: Array(text.unicodeScalars))
        return document.compose()
    }

    private init(report: Report, scalars: [Unicode.Scalar]) {
        self.report = report
        self.scalars = scalars
    }

    private mutating func compose() -> YAMLValue? {
        let tokens = YAMLTokens(scalars)
        let references = tokens.tokens.filter { $0.kind == .anchor || $0.kind == .alias }
        // A few hundred bytes of nested aliases unfold to gigabytes, so none is followed.
        guard references.isEmpty else {
            for reference in references { refuseReference(at: reference.at) }
            return nil
        }
        let deepest = tokens.tokens.first { $0.depth >= Self.maximumDepth }
        if let deepest {
            report.problem(deepest.at, "nested deeper than \(Self.maximumDepth) levels")
            return nil
        }
        for round in 1...Self.maximumRounds {
            do {
                // The resolver guesses types; the reader knows which type a key has.
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else { return nil }
                // Anchors are weakly held by the parser's.
                return withExtendedLifetime(parser) { value(root, depth: 0) }
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let first = Position(line: context.mark.line, column: context.mark.column)
                guard round < Self.maximumRounds, replaceRepetitions(of: keys, first: first) else { return nil }
            } catch {
                report.syntax(error, scalars: scalars)
                return nil
            }
        }
        return nil
    }

    private var text: String { String(String.UnicodeScalarView(scalars)) }

    private func refuseReference(at position: Position) {
        report.problem(
            position,
            "anchors and aliases (& and *) are not supported; quote the value, or \(report.adviceOnSharing)")
    }

    /// Reports the repetitions, takes them out of the text, and says whether composing again is worth while.
    private mutating func replaceRepetitions(of keys: [String], first: Position) -> Bool {
        // The place belongs to one of the keys; the others get their turn in the next round.
        let tokens = YAMLTokens(scalars)
        for key in keys {
            let repetitions = tokens.repetitions(of: key, after: first)
            for repetition in repetitions {
                report.problem(repetition.at, "duplicate key \(shown(key)); it first stands on line \(first.line)")
                let placeholder = makePlaceholder(length: repetition.range.count)
                scalars.replaceSubrange(repetition.range, with: placeholder)
            }
            if !repetitions.isEmpty { return true }
        }
        report.problem(first, "duplicate key \(keys.map(shown).joined(separator: ", "))")
        return false
    }

    private mutating func makePlaceholder(length: Int) -> [Unicode.Scalar] {
        let filling: Unicode.Scalar = "\u{F0000}"
        var placeholder = [Unicode.Scalar](repeating: filling, count: length)
        var number = UInt32(placeholders.count)
        for index in placeholder.indices {
            placeholder[index] = Unicode.Scalar(0xF0001 + number % 0x8000) ?? filling
            number /= 0x8000
        }
        placeholders.insert(String(String.UnicodeScalarView(placeholder)))
        return placeholder
    }

    private func value(_ node: Yams.Node, depth: Int) -> YAMLValue {
        let at = node.mark.map { Position(line: $0.line, column: $0.column) } ?? .start
        guard depth < Self.maximumDepth else {
            report.problem(at, "nested deeper than \(Self.maximumDepth) levels")
            return YAMLValue(at: at, content: .null)
        }
        switch node {
        case .scalar(let scalar):
            refuse(tag: scalar.tag, anchor: scalar.anchor, at: at)
            let isPlain = scalar.style == .plain
            if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
                return YAMLValue(at: at, content: .null)
            }
            return YAMLValue(at: at, content: .text(scalar.string, isPlain: isPlain))
        case .sequence(let sequence):
            refuse(tag: sequence.tag, anchor: sequence.anchor, at: at)
            return YAMLValue(at: at, content: .list(sequence.map { value($0, depth: depth + 1) }))
        case .mapping(let mapping):
            refuse(tag: mapping.tag, anchor: mapping.anchor, at: at)
            return YAMLValue(at: at, content: .dictionary(mapping.compactMap { entry($0, depth: depth + 1) }))
        case .alias:
            refuseReference(at: at)
            return YAMLValue(at: at, content: .null)
        }
    }

    private func entry(_ pair: (key: Yams.Node, value: Yams.Node), depth: Int) -> YAMLValue.Entry? {
        let at = pair.key.mark.map { Position(line: $0.line, column: $0.column) } ?? .start
        guard case .scalar(let key) = pair.key else {
            report.problem(at, "a key must be text")
            return nil
        }
        guard !placeholders.contains(key.string) else { return nil }
        return YAMLValue.Entry(key: key.string, at: at, value: value(pair.value, depth: depth))
    }

    private func refuse(tag: Tag, anchor: Anchor?, at: Position) {
        if anchor != nil { refuseReference(at: at) }
        // Hashing keys makes Yams resolve their tags in place, so a standard tag may be Yams' own.
        let name = tag.rawValue
        guard name.isEmpty || name == "!" || name.hasPrefix("tag:yaml.org,2002:") else {
            report.problem(at, "tags such as \(shown(name)) are not supported")
            return
        }
    }
}
