/// One step through a YAML text, as libyaml's parser makes it.
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
    /// `!` alone, which says nothing, does not count.
    var hasTag = false
}

/// Why a text is no YAML, in libyaml's words. They quote nothing of the text.
struct YAMLSyntaxError: Error {
    enum Place {
        /// Nothing was parsed, for it could not be decoded so far.
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
