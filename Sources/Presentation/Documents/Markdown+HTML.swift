/// How a document is shown to somebody who looks after certain servers.
struct MarkdownRenderer {
    var audience = Audience()
    /// Replaces `<channel>` in statements for the replica; nil if it is not known, or cannot be written into SQL as it is.
    var channel: String?
    /// Where a link leads from here, by its target in the repository; nil if the exporter does not serve that.
    var destination: (String) -> String?

    func markup(_ blocks: [Markdown.Block]) -> HTML {
        var markup: HTML = ""
        for block in blocks { markup += self.markup(block) }
        return markup
    }

    private func markup(_ block: Markdown.Block) -> HTML {
        switch block {
        case .heading(let level, let text): heading(level, text)
        case .paragraph(let text): "<p>\(inline(text))</p>\n"
        case .list(let start, let items): list(start, items)
        case .code(_, let lines): code(lines)
        case .table(let header, let rows): table(header, rows)
        }
    }

    private func heading(_ level: Int, _ text: String) -> HTML {
        let anchor = Markdown.anchor(of: text)
        return switch level {
        case 1: "<h1 id=\"\(anchor)\">\(inline(text))</h1>\n"
        case 2: "<h2 id=\"\(anchor)\">\(inline(text))</h2>\n"
        default: "<h3 id=\"\(anchor)\">\(inline(text))</h3>\n"
        }
    }

    private func list(_ start: Int?, _ items: [[Markdown.Block]]) -> HTML {
        let contents = items.map { item -> HTML in
            if case .paragraph(let text)? = item.first {
                return "<li>\(inline(text))\n\(markup(Array(item.dropFirst())))</li>\n"
            }
            return "<li>\(markup(item))</li>\n"
        }
        guard let start else { return "<ul>\n\(contents)</ul>\n" }
        let first: HTML? = start == 1 ? nil : " start=\"\(start)\""
        return "<ol\(first)>\n\(contents)</ol>\n"
    }

    /// Statements for other servers are folded: they are at hand, and are not run by mistake.
    private func code(_ lines: [String]) -> HTML {
        let heading = StatementHeading(lines.first)
        guard let heading, !audience.fits(heading) else {
            let lines = heading?.role == "the replica" ? lines.map(filled) : lines
            return "<pre><code>\(verbatim(lines))</code></pre>\n"
        }
        return """
            <details class="other"><summary>\(heading.text)</summary>
            <pre><code>\(verbatim(lines))</code></pre>
            </details>

            """
    }

    private func filled(_ line: String) -> String {
        guard let channel else { return line }
        return line.replacing("'<channel>'", with: "'\(channel)'")
    }

    private func verbatim(_ lines: [String]) -> HTML {
        lines.map { line -> HTML in "\(line)" }.joined(separator: "\n")
    }

    private func table(_ header: [String], _ rows: [[String]]) -> HTML {
        let shown = header.indices.filter { audience.fits(column: header[$0]) }
        func cells(_ row: [String], _ cell: (HTML) -> HTML) -> [HTML] {
            shown.map { cell(row.indices.contains($0) ? inline(row[$0]) : "") }
        }
        let body = rows.map { row -> HTML in "<tr>\(cells(row) { "<td>\($0)</td>" })</tr>\n" }
        return """
            <div class="wide"><table>
            <thead><tr>\(cells(header) { "<th scope=\"col\">\($0)</th>" })</tr></thead>
            <tbody>
            \(body)</tbody></table></div>

            """
    }

    private func inline(_ text: String) -> HTML {
        Markdown.inline(text) { words, target in
            guard let destination = destination(target) else { return "\(words) <small>(\(target))</small>" }
            return "<a href=\"\(destination)\">\(words)</a>"
        }
    }
}
