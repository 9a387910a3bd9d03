/// One condition of a PromQL selector: `cluster=~"eu-.*"`.
struct Matcher: Sendable, Equatable {
    var label: String
    /// `=`, `!=`, `=~` or `!~`.
    var operation: String
    var value: String

    /// As it stands in an expression.
    var text: String { label + operation + "\"" + escaped("\"") + "\"" }

    /// As it stands in a query that a template makes with `printf "…"`: quoted by apostrophes, since the format is quoted
    /// already, and escaped for PromQL, for `printf` and for the template.
    var templateText: String {
        let query = label + operation + "'" + escaped("'") + "'"
        return query.replacing("%", with: "%%").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    private func escaped(_ quote: String) -> String {
        value.replacing("\\", with: "\\\\").replacing(quote, with: "\\" + quote)
    }
}
