/// A dictionary of the configuration file and the keys it may hold: what the reader accepts, and what
/// `docs/configuration.md` is made from.
package struct SchemaSection: Sendable {
    /// Where it stands, as `replication_sets[].nodes[]`; empty for the file itself.
    package let path: String
    /// What messages call it: "a node".
    package let label: String
    /// One line on what it is for.
    package let documentation: String
    /// In the order of the documentation.
    package let keys: [SchemaKey]
}

/// One key of a section.
package struct SchemaKey: Sendable {
    package let name: String
    /// For people: "duration", "text", "list of nodes".
    package let type: String
    /// As one would write it; nil when the key has no default.
    package let defaultText: String?
    package let isRequired: Bool
    /// Known, checked, and without effect in this version.
    package let isIgnored: Bool
    /// One line.
    package let documentation: String
}

/// A key whose value the reader gets as a Swift value.
package struct Key<Value: Sendable>: Sendable {
    package let row: SchemaKey
    /// What the reader uses when the key is absent. Nil for a key without default.
    package let defaultValue: Value?
    let decode: @Sendable (YAMLValue) throws(Malformed) -> Value

    package var name: String { row.name }

    package init(
        _ name: String, _ type: String, default defaultValue: Value? = nil, text: String? = nil,
        required: Bool = false, ignored: Bool = false, _ documentation: String,
        decode: @escaping @Sendable (YAMLValue) throws(Malformed) -> Value
    ) {
        row = SchemaKey(
            name: name, type: type, defaultText: text, isRequired: required, isIgnored: ignored,
            documentation: documentation)
        self.defaultValue = defaultValue
        self.decode = decode
    }
}

extension SchemaSection {
    package init(_ path: String, _ label: String, _ documentation: String, _ keys: [SchemaKey]) {
        self.init(path: path, label: label, documentation: documentation, keys: keys)
    }
}
