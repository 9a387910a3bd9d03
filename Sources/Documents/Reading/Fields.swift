/// The entries of one dictionary, checked against its section of the schema.
package struct Fields {
    let section: SchemaSection
    package let at: Position
    private let entries: [String: YAMLValue.Entry]
    private let report: Report

    /// Nil, after reporting, if the value is not a dictionary. `name` is what messages call the value.
    package init?(_ value: YAMLValue, _ section: SchemaSection, name: String, report: Report) {
        guard case .dictionary(let entries) = value.content else {
            report.problem(value.at, "\(name) must be a dictionary, not \(value.kind)")
            return nil
        }
        self.section = section
        self.report = report
        at = value.at
        self.entries = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        let known = Set(section.keys.map(\.name))
        for entry in entries where !known.contains(entry.key) {
            reportUnknown(entry, known: section.keys.map(\.name))
        }
        for key in section.keys where key.isRequired && self.entries[key.name] == nil {
            report.problem(at, "\(name) needs the key '\(key.name)'")
        }
        for key in section.keys where key.isIgnored {
            guard let entry = self.entries[key.name] else { continue }
            report.warning(entry.at, "'\(key.name)' is not available in this version and is ignored")
        }
    }

    private func reportUnknown(_ entry: YAMLValue.Entry, known: [String]) {
        if entry.key == "<<" {
            report.problem(entry.at, "merge keys are not supported; \(report.adviceOnSharing)")
            return
        }
        let message = "unknown key \(shown(entry.key))"
        // An exact match in another section helps more than a similar key in this one.
        let homes = report.schema.filter { $0.keys.contains { $0.name == entry.key } }.map(\.label)
        guard homes.isEmpty else {
            report.problem(entry.at, "\(message) in \(section.label); it belongs in \(homes.joined(separator: " or "))")
            return
        }
        report.problem(entry.at, message, suggestion: suggestion(for: entry.key, among: known))
    }

    package var isEmpty: Bool { entries.isEmpty }

    package func has<Value>(_ key: Key<Value>) -> Bool { entries[key.name] != nil }

    /// The position of the key's value, or of the dictionary if the key is absent.
    package func position<Value>(of key: Key<Value>) -> Position { entries[key.name]?.value.at ?? at }

    /// The value as written; nil if the key is absent or, after reporting, if its value is invalid.
    package func given<Value>(_ key: Key<Value>) -> Value? {
        guard let value = entries[key.name]?.value else { return nil }
        do {
            return try key.decode(value)
        } catch {
            report.problem(value.at, "'\(key.name)' \(error.message)", suggestion: error.suggestion)
            return nil
        }
    }

    /// The value, or the schema's default.
    package func value<Value>(_ key: Key<Value>) -> Value? { given(key) ?? key.defaultValue }

    /// The value, or the schema's default if the key is absent; nil, after reporting, if the value is invalid. For values
    /// that other keys are checked against.
    package func soundValue<Value>(_ key: Key<Value>) -> Value? { has(key) ? given(key) : key.defaultValue }

    /// A nested dictionary. One whose lines are all commented out is empty, not invalid.
    package func dictionary(_ key: Key<YAMLValue>, _ section: SchemaSection) -> Fields? {
        guard var value = given(key) else { return nil }
        if case .null = value.content { value.content = .dictionary([]) }
        return Fields(value, section, name: "'\(key.name)'", report: report)
    }

    /// The items of a list; nil if the key is absent or, after reporting, if its value is not a list.
    package func list(_ key: Key<YAMLValue>) -> [YAMLValue]? {
        guard let value = given(key) else { return nil }
        guard case .list(let items) = value.content else {
            report.problem(value.at, "'\(key.name)' must be a list, not \(value.kind)")
            return nil
        }
        return items
    }
}
