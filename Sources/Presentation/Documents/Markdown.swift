/// A document in the part of Markdown that the runbooks and the reference of metrics use.
struct Markdown: Equatable {
    indirect enum Block: Equatable {
        case heading(level: Int, text: String)
        case paragraph(String)
        /// Numbered from `start`, or nil for bullets.
        case list(start: Int?, items: [[Block]])
        case code(language: String, lines: [String])
        case table(header: [String], rows: [[String]])
    }

    let blocks: [Block]

    init(_ text: String) {
        var reader = Reader(text.split(separator: "\n", omittingEmptySubsequences: false)[...])
        blocks = reader.blocks()
    }

    /// Reads line by line; what is in a list item is read with its indentation removed.
    private struct Reader {
        private var lines: ArraySlice<Substring>

        init(_ lines: ArraySlice<Substring>) { self.lines = lines }

        mutating func blocks() -> [Block] {
            var blocks: [Block] = []
            while let line = lines.first {
                if line.isBlank {
                    lines.removeFirst()
                } else if line.hasPrefix("<!--") {
                    while let comment = lines.popFirst(), !comment.contains("-->") {}
                } else if line.hasPrefix("```") {
                    blocks.append(code())
                } else if let level = line.headingLevel {
                    lines.removeFirst()
                    blocks.append(.heading(level: level, text: String(line.dropFirst(level + 1))))
                } else if isTable {
                    blocks.append(table())
                } else if let marker = line.listMarker {
                    blocks.append(list(marker))
                } else {
                    blocks.append(.paragraph(paragraph()))
                }
            }
            return blocks
        }

        private mutating func code() -> Block {
            let language = lines.removeFirst().dropFirst(3)
            var code: [String] = []
            while let line = lines.popFirst(), line != "```" { code.append(String(line)) }
            return .code(language: String(language), lines: code)
        }

        private var isTable: Bool {
            lines.first?.hasPrefix("|") == true && lines.dropFirst().first?.hasPrefix("|---") == true
        }

        private mutating func table() -> Block {
            let header = lines.removeFirst().cells
            lines.removeFirst()
            var rows: [[String]] = []
            while let line = lines.first, line.hasPrefix("|") {
                rows.append(line.cells)
                lines.removeFirst()
            }
            return .table(header: header, rows: rows)
        }

        private mutating func list(_ first: ListMarker) -> Block {
            var items: [[Block]] = []
            while let marker = lines.first?.listMarker, (marker.number == nil) == (first.number == nil) {
                items.append(item(marker))
                while lines.first?.isBlank == true, lines.dropFirst().contains(where: { !$0.isBlank }) {
                    lines.removeFirst()
                }
            }
            return .list(start: first.number, items: items)
        }

        private mutating func item(_ marker: ListMarker) -> [Block] {
            var content = [lines.removeFirst().dropFirst(marker.width)]
            while let line = lines.first, line.isBlank || line.indentation >= marker.width {
                content.append(line.dropFirst(marker.width))
                lines.removeFirst()
            }
            var reader = Reader(content[...])
            return reader.blocks()
        }

        private mutating func paragraph() -> String {
            var text = lines.removeFirst().trimmed
            while let line = lines.first, !line.isBlank, !line.beginsBlock {
                text += " " + line.trimmed
                lines.removeFirst()
            }
            return text
        }
    }
}

private struct ListMarker {
    /// Nil for a bullet.
    var number: Int?
    /// With the space after it.
    var width: Int
}

extension Substring {
    fileprivate var isBlank: Bool { allSatisfy { $0 == " " } }

    fileprivate var indentation: Int { prefix { $0 == " " }.count }

    fileprivate var trimmed: String { String(drop { $0 == " " }) }

    fileprivate var headingLevel: Int? {
        let level = prefix { $0 == "#" }.count
        return (1...6).contains(level) && dropFirst(level).hasPrefix(" ") ? level : nil
    }

    fileprivate var listMarker: ListMarker? {
        if hasPrefix("- ") { return ListMarker(number: nil, width: 2) }
        let digits = prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), digits.count <= 3, dropFirst(digits.count).hasPrefix(". ") else { return nil }
        return ListMarker(number: number, width: digits.count + 2)
    }

    /// What ends a paragraph without an empty line.
    fileprivate var beginsBlock: Bool {
        hasPrefix("```") || headingLevel != nil || hasPrefix("|") || hasPrefix("- ") || listMarker?.number == 1
    }

    /// The cells of a table's row; `\|` is a bar in a cell.
    fileprivate var cells: [String] {
        var cells: [String] = []
        var cell = ""
        var isEscaped = false
        for character in dropFirst() {
            switch character {
            case "|" where isEscaped:
                cell.removeLast()
                cell.append("|")
            case "|":
                cells.append(cell)
                cell = ""
            default: cell.append(character)
            }
            isEscaped = character == "\\"
        }
        return cells.map { $0[...].trimmed.trimmedEnd }
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
