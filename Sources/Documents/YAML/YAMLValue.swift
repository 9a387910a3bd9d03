/// A YAML document as the reader needs it: with positions everywhere, without tags and anchors.
package struct YAMLValue: Sendable {
    package var at: Position
    package var content: Content

    package indirect enum Content: Sendable {
        /// Empty, `~` or `null`.
        case null
        /// `isPlain`: unquoted, so that `true` may be a truth value.
        case text(String, isPlain: Bool)
        case list([YAMLValue])
        case dictionary([Entry])
    }

    package struct Entry: Sendable {
        package var key: String
        package var at: Position
        package var value: YAMLValue
    }

    /// What the value is, to end a message that begins "must be text, not".
    package var kind: String {
        switch content {
        case .null: "nothing"
        case .text: "text"
        case .list: "a list"
        case .dictionary: "a dictionary"
        }
    }
}

extension YAMLValue.Content {
    package var isSomething: Bool {
        if case .null = self { return false }
        return true
    }
}
