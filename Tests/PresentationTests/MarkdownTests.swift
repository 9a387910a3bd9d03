import Testing

@testable import Presentation

@Suite("Markdown")
struct MarkdownTests {
    private func html(_ text: String, _ renderer: MarkdownRenderer = MarkdownRenderer { $0 }) -> String {
        renderer.markup(Markdown(text).blocks).text
    }

    @Test(
        "is shown as GitHub shows it, in the part that the runbooks use",
        arguments: [
            ("a\nb\n\nc", "<p>a b</p>\n<p>c</p>\n"),
            (
                "# A b: `c`\n## 1236: d > e\n",
                "<h1 id=\"a-b-c\">A b: <code>c</code></h1>\n<h2 id=\"1236-d--e\">1236: d &gt; e</h2>\n"
            ),
            ("<!-- x\ny -->\nz", "<p>z</p>\n"), ("#no heading", "<p>#no heading</p>\n"),
            (
                "`*a*` *b c* **d `e`** f_g*h* 2 * 3 *",
                "<p><code>*a*</code> <i>b c</i> <strong>d <code>e</code></strong> f_g<i>h</i> 2 * 3 *</p>\n"
            ),
            ("[a `b`](c#d) [e] (f) [g](h", "<p><a href=\"c#d\">a <code>b</code></a> [e] (f) [g](h</p>\n"),
            ("- a\n  b\n- c\n", "<ul>\n<li>a b\n</li>\n<li>c\n</li>\n</ul>\n"),
            ("a\n- b", "<p>a</p>\n<ul>\n<li>b\n</li>\n</ul>\n"), ("in\n2061 or\n13. x", "<p>in 2061 or 13. x</p>\n"),
            (
                "1. a\n\n   b\n2. c\n   - d\n",
                "<ol>\n<li>a\n<p>b</p>\n</li>\n<li>c\n<ul>\n<li>d\n</li>\n</ul>\n</li>\n</ol>\n"
            ),
            ("3. a\n\nb", "<ol start=\"3\">\n<li>a\n</li>\n</ol>\n<p>b</p>\n"),
            ("10. a\n    b\n", "<ol start=\"10\">\n<li>a b\n</li>\n</ol>\n"),
            (
                "1. a\n\n   ```sh\n   # x\n     y < 1\n\n   ```\n",
                "<ol>\n<li>a\n<pre><code># x\n  y &lt; 1\n</code></pre>\n</li>\n</ol>\n"
            ),
            (
                "| a | b |\n|---|---|\n| `c\\|d` |  |\n| e |\nf",
                "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">a</th><th scope=\"col\">b</th></tr></thead>\n<tbody>\n"
                    + "<tr><td><code>c|d</code></td><td></td></tr>\n<tr><td>e</td><td></td></tr>\n</tbody></table></div>\n<p>f</p>\n"
            ),
            ("```\nopen", "<pre><code>open</code></pre>\n"), ("", ""), ("- ", "<ul>\n<li></li>\n</ul>\n"),
        ])
    func shown(text: String, html: String) {
        #expect(self.html(text) == html)
    }

    @Test("No text becomes markup of its own")
    func escaped() {
        let evil = "<b onclick='x'>\"&"
        let text =
            "\(evil)\n\n# \(evil)\n\n- \(evil)\n\n`\(evil)` **\(evil)** [\(evil)](\(evil))\n\n```sql\n\(evil)\n```\n\n|\(evil)|\n|---|\n|\(evil)|\n"
        let shown = html(text)
        #expect(
            !shown.contains("<b ") && !shown.contains("'x'") && !shown.contains(">\"&")
                && shown.contains("&lt;b onclick=&#39;x"))
    }

    @Test("A link to what is not served is its words, and what it is called in the repository")
    func deadLinks() {
        #expect(
            html("see [a](../b.md#c)", MarkdownRenderer { _ in nil }) == "<p>see a <small>(../b.md#c)</small></p>\n")
    }

    @Test(
        "A document of nothing but marks is read in time",
        arguments: ["*", "`", "[", "- ", "  - ", "#", "|", "1. ", "**", "[a](", "```\n"])
    func marks(mark: String) {
        let text = String(repeating: mark, count: 2000) + "\n" + String(repeating: mark + "\n", count: 500)
        #expect(!html(text).isEmpty)
    }
}
