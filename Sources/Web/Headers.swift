/// The fields of a request or a response, in their order. Names match whatever their case.
package struct Headers: Sendable {
    package private(set) var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The value of a field; the values of a repeated field are joined by commas, as RFC 9110 reads them.
    /// Setting replaces all of them; setting `nil` removes the field.
    package subscript(name: String) -> String? {
        get {
            let values = self.values(name)
            return values.count <= 1 ? values.first : values.joined(separator: ", ")
        }
        set {
            fields.removeAll { $0.name.isSameToken(as: name) }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    /// The values of all occurrences of a field.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name.isSameToken(as: name) }.map(\.value)
    }

    /// The comma-separated elements of a field, trimmed, in lower case.
    func tokens(_ name: String) -> [Substring] {
        values(name).flatMap { $0.lowercased().split(separator: ",").map(\.trimmed) }
    }
}

extension Headers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral fields: (String, String)...) {
        self.init(fields.map { (name: $0.0, value: $0.1) })
    }
}

extension String {
    fileprivate func isSameToken(as other: String) -> Bool {
        utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { $0.lowerCased == $1.lowerCased }
    }
}

extension UInt8 {
    fileprivate var lowerCased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}

extension Substring {
    /// The text without spaces and tabs at both ends.
    var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
