/// A dictionary of the configuration file and its keys: what the reader accepts, and what `docs/configuration.md` is
/// generated from.
package struct SchemaSection: Sendable {
    /// Its path in the file, such as `replication_sets[].nodes[]`; empty for the file itself.
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
    /// The default as written in the file; nil if the key has none.
    package let defaultText: String?
    package let isRequired: Bool
    /// Whether the key is known and checked, but has no effect in this version.
    package let isIgnored: Bool
    /// One line.
    package let documentation: String
}

/// A key, with its value's type and how to decode it.
package struct Key<Value: Sendable>: Sendable {
    package let row: SchemaKey
    /// The value used if the key is absent; nil for a key without a default.
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
