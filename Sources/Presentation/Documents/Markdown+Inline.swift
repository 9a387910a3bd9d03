extension Markdown {
    /// Text within a line: code, emphasis, links. What closes nothing is itself.
    /// - Parameter link: the markup of a link, by its text and its target.
    static func inline(_ text: String, link: (HTML, String) -> HTML) -> HTML {
        var markup: HTML = ""
        var plain = ""
        var rest = text[...]
        func flush() {
            markup += "\(plain)"
            plain = ""
        }
        while let first = rest.first {
            if first == "`", let (code, after) = rest.enclosed(by: "`") {
                flush()
                markup += "<code>\(String(code))</code>"
                rest = after
            } else if rest.hasPrefix("**"), let (strong, after) = rest.enclosed(by: "**") {
                flush()
                markup += "<strong>\(inline(String(strong), link: link))</strong>"
                rest = after
            } else if first == "*", let (emphasized, after) = rest.enclosed(by: "*"), emphasized.first?.isLetter == true
            {
                flush()
                markup += "<i>\(inline(String(emphasized), link: link))</i>"
                rest = after
            } else if first == "[", let (words, target, after) = rest.link {
                flush()
                markup += link(inline(String(words), link: link), String(target))
                rest = after
            } else {
                plain.append(first)
                rest.removeFirst()
            }
        }
        flush()
        return markup
    }

    /// The anchor of a heading, as GitHub makes it.
    static func anchor(of heading: String) -> String {
        var anchor = ""
        for character in heading.lowercased() {
            if character == " " || character == "-" {
                anchor.append("-")
            } else if character.isLetter || character.isNumber || character == "_" {
                anchor.append(character)
            }
        }
        return anchor
    }
}

extension Substring {
    /// What is between two of the marks, of which the first begins here, and what follows.
    fileprivate func enclosed(by mark: String) -> (Substring, after: Substring)? {
        let inside = dropFirst(mark.count)
        guard let end = inside.firstRange(of: mark), end.lowerBound > inside.startIndex else { return nil }
        return (inside[..<end.lowerBound], inside[end.upperBound...])
    }

    /// `[words](target)` at the beginning.
    fileprivate var link: (words: Substring, target: Substring, after: Substring)? {
        guard let middle = firstRange(of: "]("), let end = self[middle.upperBound...].firstIndex(of: ")") else {
            return nil
        }
        let words = self[..<middle.lowerBound].dropFirst()
        let target = self[middle.upperBound..<end]
        guard !words.isEmpty, !words.contains("["), !target.isEmpty else { return nil }
        return (words, target, self[end...].dropFirst())
    }
}
