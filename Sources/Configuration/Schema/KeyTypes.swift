internal import Documents
internal import Replication

extension Key where Value == String {
    /// A name that appears in labels and URL paths, and so must not need escaping there.
    static func name(_ name: String, required: Bool = false, _ documentation: String) -> Key {
        Key(name, "name", required: required, documentation) { value throws(Malformed) in
            let text = try requireText(value)
            if let reason = nameProblem(text) { throw Malformed(reason) }
            return text
        }
    }
}

/// What is wrong with the name of a node or replication set; nil if nothing is.
func nameProblem(_ name: String) -> String? {
    let isValid = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._-:@+".utf8.contains(byte)
        }
    }
    guard isValid, !name.isEmpty, name.utf8.count <= 128, name != ".", name != ".." else {
        return "must consist of at most 128 ASCII letters, digits and . _ - : @ +, not \(shown(name))"
    }
    return nil
}

extension Key where Value == TableName {
    static func table(_ name: String, default defaultValue: TableName? = nil, _ documentation: String) -> Key {
        Key(
            name, "database.table", default: defaultValue, text: defaultValue?.description,
            required: defaultValue == nil, documentation
        ) { value throws(Malformed) in
            try TableName(requireText(value))
        }
    }
}

extension Key where Value == Address {
    static func address(_ name: String, _ documentation: String) -> Key {
        Key(name, "address", required: true, documentation) { value throws(Malformed) in
            try addressOrMalformed(requireText(value))
        }
    }
}

func addressOrMalformed(_ text: String) throws(Malformed) -> Address {
    do {
        return try Address(text)
    } catch {
        throw Malformed(error.description)
    }
}
