/// A YAML document as the reader wants it: positions everywhere, no tags, no anchors.
package struct YAMLValue: Sendable {
    package var at: Position
    package var content: Content

    package indirect enum Content: Sendable {
        /// Nothing, `~` or `null`.
        case null
        /// `isPlain`: without quotes, so that `true` may be a truth value.
        case text(String, isPlain: Bool)
        case list([YAMLValue])
        case dictionary([Entry])
    }

    package struct Entry: Sendable {
        package var key: String
        package var at: Position
        package var value: YAMLValue
    }

    /// What it is, to end a sentence that begins "must be text, not".
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
