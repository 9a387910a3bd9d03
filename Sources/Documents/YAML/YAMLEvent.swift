/// One event of libyaml's parser.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd
        case documentStart, documentEnd
        case alias
        /// `isPlain`: without quotes.
        case scalar(String, isPlain: Bool)
        case listStart, listEnd
        case dictionaryStart, dictionaryEnd
    }

    var kind: Kind
    /// Where it begins, with its anchor and tag.
    var at: Position
    var hasAnchor = false
    /// `!` alone does not count: it means nothing.
    var hasTag = false
}

/// Why a text is not YAML, in libyaml's words, which do not quote the text.
struct YAMLSyntaxError: Error {
    enum Place {
        /// The text could not be decoded at this byte.
        case byte(Int)
        /// `index` counts Unicode scalars from the beginning of the text.
        case scalar(index: Int, at: Position)
    }

    var problem: String
    var place: Place
    /// What was being read: "while scanning an anchor".
    var context: String?
    /// Where that began.
    var contextAt: Position?
}
