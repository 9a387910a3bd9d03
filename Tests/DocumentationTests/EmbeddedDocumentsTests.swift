import Foundation
import Testing

/// The documents that the program serves, as source. `RECORD=1 swift test --filter DocumentationTests` writes it.
@Suite("The embedded documents")
struct EmbeddedDocumentsTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("are those in docs")
    func areFresh() throws {
        let folder = Self.root.appendingPathComponent("docs/runbooks")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
            .sorted()
        #expect(names.count > 40)
        var source = """
            // Written by `RECORD=1 swift test --filter DocumentationTests` from docs; do not edit.
            // swift-format-ignore-file

            /// What the exporter serves to read: the files of docs/runbooks, and docs/metrics.md. As text in the source rather than as
            /// resources of the package, which would be compiled as lists of bytes and take a minute to.
            enum EmbeddedDocuments {
                static let runbooks: [(name: String, text: String)] = [

            """
        for name in names {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            source += "(\"\(name.dropLast(3))\", \(try Self.literal(text))),\n"
        }
        source +=
            "    ]\n\n    static let metrics = \(try Self.literal(MetricsReference(versions: try RecordedVersion.all()).page))\n}\n"
        let file = Self.root.appendingPathComponent("Sources/Presentation/Documents/EmbeddedDocuments.swift")
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try source.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == source, "write it again with RECORD=1")
    }

    /// A raw literal of several lines, which ends with a line feed.
    private static func literal(_ text: String) throws -> String {
        try #require(!text.contains("\"\"\"#") && !text.contains("\\#") && !text.contains("\r"))
        return "#\"\"\"\n\(text)\n\"\"\"#"
    }
}
