/// A YAML document as the reader wants it: positions everywhere, no tags, no anchors.
struct YAMLValue: Sendable {
    var at: Position
    var content: Content

    indirect enum Content: Sendable {
        /// Nothing, `~` or `null`.
        case null
        /// `isPlain`: without quotes, so that `true` may be a truth value.
        case text(String, isPlain: Bool)
        case list([YAMLValue])
        case dictionary([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var at: Position
        var value: YAMLValue
    }

    /// What it is, to end a sentence that begins "must be text, not".
    var kind: String {
        switch content {
        case .null: "nothing"
        case .text: "text"
        case .list: "a list"
        case .dictionary: "a dictionary"
        }
    }
}
