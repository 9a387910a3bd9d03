import Configuration
import Documents
import Foundation
import Testing
import Web

/// docs/configuration.md is made here, from the table that the reader goes by.
/// `RECORD=1 swift test --filter ConfigurationReferenceTests` writes it.
@Suite("The configuration reference")
struct ConfigurationReferenceTests {
    private static func path(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/\(name)")
    }

    @Test("The annotated example is valid, and has every key")
    func example() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("example-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = try String(contentsOf: Self.path("example.yml"), encoding: .utf8)
        // With the files that it names.
        let files = [
            "example.yml": text, "watcher-password": "secret", "ca.pem": "", "watcher.pem": "", "watcher-key.pem": "",
            "legacy.cnf": "[client]\nuser=exporter\npassword=secret\n", "token": "#!/bin/sh\n",
        ]
        for (name, content) in files {
            let file = folder.appendingPathComponent(name)
            try content.write(to: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.path)
        }
        let (configuration, warnings) = try Configuration.load(
            path: folder.appendingPathComponent("example.yml").path, environment: ["EXPORTER_PASSWORD": "secret"])
        #expect(configuration.sets.map(\.name) == ["shop", "shop-undo", "warehouse", "billing", "cloud", "legacy"])
        #expect(warnings.isEmpty, "\(warnings)")
        let words = Set(text.split { !($0.isLetter || $0 == "_" || $0 == ":") })
        for section in Configuration.schema {
            for key in section.keys { #expect(words.contains("\(key.name):"), "\(section.path) \(key.name)") }
        }
    }

    @Test(
        "A configuration that a page shows whole is valid",
        arguments: ["README.md", "docs/getting-started.md", "docs/clusters.md", "docs/passwords.md"])
    func shown(page: String) throws {
        let text = try String(contentsOf: Self.path("../\(page)"), encoding: .utf8)
        // Every other part is inside of a fence.
        let blocks = text.split(separator: "```", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 && $0.element.hasPrefix("yaml\n") }.map { $0.element.dropFirst(5) }
            .filter { $0.hasPrefix("replication_sets:") || $0.contains("\nreplication_sets:") }
        #expect(!blocks.isEmpty)
        for block in blocks {
            _ = try Configuration.parse(String(block), file: page, environment: [:])
        }
    }

    @Test("is what the schema says")
    func isFresh() throws {
        let page = Self.path("configuration.md")
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
            "The configuration is a YAML file, named by `--config.file`. [example.yml](example.yml) is an annotated file with every key,",
            "among them multi-source replication, a delayed replica, and a failover pair. `--config.check` reports every problem in",
            "a file, with line and column; an unknown key is an error.", "",
            "## Types and units", "",
            "| type | |", "|---|---|",
            "| duration | `250ms`, `5s`, `1m30s`, `2h`, `1d`, `1w`: units from the largest to the smallest; a number without a unit is refused, except `0` |",
            "| size | `100MB` is 10^8 bytes, `64MiB` is 64 · 2^20 bytes, `4096` is bytes; `100M` is refused as ambiguous |",
            "| text, path | quotes are needed around what YAML would read otherwise: `\"#1\"`, `\"[::1]:3306\"`; a path is relative to the file's directory |",
            "| name | at most 128 ASCII letters, digits and `. _ - : @ +` |",
            "| address | `host:port`, `host` (port 3306), `\"[IPv6]:port\"` or `unix:/path` |",
            "| database.table | letters, digits, `_`, `-` and `$`, at most 64 each |",
            "| list, dictionary | as YAML has them: `[a, b]` and `{key: value}`, or one entry a line |", "",
        ]
        if Configuration.schema.contains(where: { $0.keys.contains(where: \.isIgnored) }) {
            lines += [
                "A key marked † is checked but otherwise ignored, with a warning: it is not available in this version.",
                "",
            ]
        }
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
