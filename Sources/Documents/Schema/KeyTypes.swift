// The types a key can have. Each decoder's message follows the key's name: "'timeout' must be …".

/// The text of a value, which must not be empty.
package func requireText(_ value: YAMLValue) throws(Malformed) -> String {
    switch value.content {
    case .text("", _): throw Malformed("is empty")
    case .text(let text, _): return text
    case .null: throw Malformed("has no value")
    case .list, .dictionary: throw Malformed("must be text, not \(value.kind)")
    }
}

extension Key where Value == String {
    /// Any text but the empty one. Unquoted numbers and truth values count as text, too.
    package static func text(
        _ name: String, as type: String = "text", _ documentation: String
    ) -> Key {
        Key(name, type, documentation) { value throws(Malformed) in
            let text = try requireText(value)
            guard !text.unicodeScalars.contains("\0") else { throw Malformed("must not contain a NUL character") }
            return text
        }
    }
}

extension Key where Value == Duration {
    package static func duration(
        _ name: String, default defaultValue: Duration? = nil, _ documentation: String
    ) -> Key {
        Key(
            name, "duration", default: defaultValue, text: defaultValue.map { Quantity.text(duration: $0) },
            documentation
        ) { value throws(Malformed) in
            let text = try requireText(value)
            if text.hasPrefix("-") { throw Malformed("must be more than zero") }
            let duration = try durationOrMalformed(text)
            guard duration > .zero else { throw Malformed("must be more than zero") }
            return duration
        }
    }

    /// A duration that may be zero.
    package static func pause(_ name: String, _ documentation: String) -> Key {
        Key(name, "duration", default: .zero, text: "0", documentation) { value throws(Malformed) in
            try durationOrMalformed(requireText(value))
        }
    }
}

extension Key where Value == Int {
    /// A whole number, 0 or more.
    package static func count(_ name: String, _ documentation: String) -> Key {
        Key(name, "number", default: 0, text: "0", documentation) { value throws(Malformed) in
            let text = try requireText(value)
            guard let count = Int(text), count >= 0 else {
                throw Malformed("must be a whole number, 0 or more, not \(shown(text))")
            }
            return count
        }
    }
}

extension Key where Value == UInt64 {
    package static func bytes(_ name: String, default defaultValue: UInt64? = nil, _ documentation: String) -> Key {
        Key(
            name, "size", default: defaultValue, text: defaultValue.map { Quantity.text(bytes: $0) }, documentation
        ) { value throws(Malformed) in
            let text = try requireText(value)
            if text.hasPrefix("-") { throw Malformed("must be more than zero") }
            let bytes = try sizeOrMalformed(text)
            guard bytes > 0 else { throw Malformed("must be more than zero") }
            return bytes
        }
    }
}

private func sizeOrMalformed(_ text: String) throws(Malformed) -> UInt64 {
    do {
        return try Quantity.bytes(text)
    } catch {
        throw Malformed(error.description)
    }
}

private func durationOrMalformed(_ text: String) throws(Malformed) -> Duration {
    do {
        return try Quantity.duration(text)
    } catch {
        throw Malformed(error.description)
    }
}

extension Key where Value == Bool {
    package static func truth(_ name: String, default defaultValue: Bool, _ documentation: String) -> Key {
        Key(
            name, "true or false", default: defaultValue, text: defaultValue ? "true" : "false", documentation
        ) { value throws(Malformed) in
            switch value.content {
            case .text("true", isPlain: true): return true
            case .text("false", isPlain: true): return false
            case .text(let text, _):
                let word = text.lowercased()
                let meant =
                    ["yes", "on", "1", "true"].contains(word)
                    ? "true" : ["no", "off", "0", "false"].contains(word) ? "false" : nil
                throw Malformed("must be true or false, not \(shown(text))", suggestion: meant)
            case .null: throw Malformed("has no value")
            case .list, .dictionary: throw Malformed("must be true or false, not \(value.kind)")
            }
        }
    }
}

extension Key where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// - Parameters:
    ///   - synonyms: older words that are still accepted, but no longer suggested.
    ///   - refusal: why a word is not accepted, if the list of choices does not explain it.
    package static func choice(
        _ name: String, default defaultValue: Value, _ documentation: String, synonyms: [String: Value] = [:],
        refusal: @escaping @Sendable (String) -> String? = { _ in nil }
    ) -> Key {
        let words = Value.allCases.map(\.rawValue)
        return Key(
            name, words.joined(separator: ", "), default: defaultValue, text: defaultValue.rawValue, documentation
        ) { value throws(Malformed) in
            let text = try requireText(value)
            if let reason = refusal(text) { throw Malformed(reason) }
            guard let choice = Value(rawValue: text) ?? synonyms[text] else {
                throw Malformed(
                    "must be one of \(words.joined(separator: ", ")), not \(shown(text))",
                    suggestion: suggestion(for: text, among: words))
            }
            return choice
        }
    }
}

extension Key where Value == YAMLValue {
    /// A value with keys or items of its own, which the reader decodes itself.
    package static func nested(
        _ name: String, _ type: String, text: String? = nil, required: Bool = false, ignored: Bool = false,
        _ documentation: String
    ) -> Key {
        Key(name, type, text: text, required: required, ignored: ignored, documentation) { value in value }
    }
}
