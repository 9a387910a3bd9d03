internal import CYAML

/// Iterates over libyaml's events; the only code that calls the library.
///
/// libyaml's parser holds pointers to itself and to the text, so both keep a fixed address for its lifetime.
/// See "yaml_parser_parse" in `yaml.h`.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        // One byte more than needed: libyaml requires a non-null address even for empty text.
        self.text = .allocate(capacity: text.utf8.count + 1)
        self.text.initialize(repeating: 0)
        _ = self.text.update(fromContentsOf: text.utf8)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        // Without memory there are no events, and `next` reports an error.
        guard yaml_parser_initialize(parser) == 1 else { return }
        // Otherwise two bytes that look like a UTF-16 byte order mark would make it decode UTF-16.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, self.text.baseAddress, self.text.count - 1)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    /// The next event. Throws after `streamEnd` and after any earlier error.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw error }
        defer { yaml_event_delete(&event) }
        guard let copy = YAMLEvent(event) else { throw error }
        return copy
    }

    private var error: YAMLSyntaxError {
        let parser = parser.pointee
        let place: YAMLSyntaxError.Place =
            parser.error == YAML_READER_ERROR
            ? .byte(parser.problem_offset)
            : .scalar(index: parser.problem_mark.index, at: Position(parser.problem_mark))
        return YAMLSyntaxError(
            problem: parser.problem.map { String(cString: $0) } ?? "out of memory", place: place,
            context: parser.context.map { String(cString: $0) },
            contextAt: parser.context == nil ? nil : Position(parser.context_mark))
    }
}

extension YAMLEvent {
    /// Nil for libyaml's "no event".
    fileprivate init?(_ event: yaml_event_t) {
        let at = Position(event.start_mark)
        switch event.type {
        case YAML_STREAM_START_EVENT: self.init(kind: .streamStart, at: at)
        case YAML_STREAM_END_EVENT: self.init(kind: .streamEnd, at: at)
        case YAML_DOCUMENT_START_EVENT: self.init(kind: .documentStart, at: at)
        case YAML_DOCUMENT_END_EVENT: self.init(kind: .documentEnd, at: at)
        case YAML_ALIAS_EVENT: self.init(kind: .alias, at: at)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            // By its length, because it may contain NUL.
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            self.init(
                kind: .scalar(String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                at: at, hasAnchor: scalar.anchor != nil, hasTag: isTag(scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            self.init(kind: .listStart, at: at, hasAnchor: start.anchor != nil, hasTag: isTag(start.tag))
        case YAML_SEQUENCE_END_EVENT: self.init(kind: .listEnd, at: at)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            self.init(kind: .dictionaryStart, at: at, hasAnchor: start.anchor != nil, hasTag: isTag(start.tag))
        case YAML_MAPPING_END_EVENT: self.init(kind: .dictionaryEnd, at: at)
        default: return nil
        }
    }
}

private func isTag(_ tag: UnsafePointer<yaml_char_t>?) -> Bool {
    guard let tag else { return false }
    return String(cString: tag) != "!"
}

extension Position {
    /// libyaml counts from 0, columns in Unicode scalars.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}
