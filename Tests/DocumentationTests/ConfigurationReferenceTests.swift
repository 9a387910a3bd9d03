import Configuration
import Documents
import Foundation
import Testing
import Web

/// docs/configuration.md is made here, from the table that the reader goes by.
/// `RECORD=1 swift test --filter ConfigurationReferenceTests` writes it.
@Suite("The configuration reference")
struct ConfigurationReferenceTests {
    @Test("is what the schema says")
    func isFresh() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/configuration.md")
        let fresh = ConfigurationReference().page
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try fresh.write(to: page, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: page, encoding: .utf8) == fresh, "write it anew with RECORD=1")
    }
}

private struct ConfigurationReference {
    var page: String {
        var lines = [
            "# Configuration", "",
            "<!-- Written by `RECORD=1 swift test --filter ConfigurationReferenceTests`; do not edit. -->", "",
            "The configuration is a YAML file, named by `--config.file`. Relative paths in it are relative to its directory.",
            "`--config.check` reports every problem in it, with line and column; an unknown key is an error. A key marked † is",
            "checked but otherwise ignored, with a warning: it is not available in this version.", "",
        ]
        lines += Configuration.schema.flatMap { table($0, level: "##") }
        lines += [
            "## The web configuration file", "",
            "TLS, passwords and headers are set in a second YAML file, named by `--web.config.file`, in exporter-toolkit's format.",
            "It may change while the exporter runs. [web.md](web.md) shows how to use it.", "",
        ]
        lines += WebConfiguration.schema.flatMap { table($0, level: "###") }
        return lines.joined(separator: "\n")
    }

    private func table(_ section: SchemaSection, level: String) -> [String] {
        var lines = [
            "\(level) \(section.path.isEmpty ? "The file" : "`\(section.path)`")", "", section.documentation, "",
            "| key | type | default | meaning |", "|---|---|---|---|",
        ]
        for key in section.keys {
            let cells = [
                "`\(key.name)`" + (key.isIgnored ? " †" : ""), key.type,
                key.isRequired ? "required" : key.defaultText.map { "`\($0)`" } ?? "", key.documentation,
            ]
            lines.append("| " + cells.map(escaped).joined(separator: " | ") + " |")
        }
        return lines + [""]
    }

    /// As a cell of a table: neither a bar nor what looks like an element of HTML.
    private func escaped(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("<", with: "&lt;")
    }
}
