import Replication
package import Topology

/// A runbook, with what the exporter sees at present of the alert's subject, and the statements for its servers.
package struct RunbookPage {
    private let runbook: Runbook
    private let subject: RunbookSubject
    /// Of the subject's set; nil if it is not configured.
    private let findings: SetFindings?
    /// Since the nodes were asked.
    private let age: Duration

    package init(_ runbook: Runbook, of subject: RunbookSubject, findings: SetFindings?, age: Duration) {
        self.runbook = runbook
        self.subject = subject
        self.findings = findings
        self.age = age
    }

    package var page: DocumentPage {
        var document = Markdown(runbook.text).blocks
        if case .heading(1, _)? = document.first { document.removeFirst() }
        let live = LiveFacts(runbook: runbook.name, subject: subject, findings: findings, age: age)
        let audience = live.audience
        let renderer = MarkdownRenderer(audience: audience, channel: live.channelInSQL) {
            RunbookLinks.destination($0, subject: subject)
        }
        return DocumentPage(
            title: runbook.name, root: "../",
            content: """
                \(live.markup)\(note(audience))<article class="document">
                \(renderer.markup(document))</article>

                """)
    }

    /// MySQL's statements are written as this version and later ones have them.
    private static let newNames = ServerVersion(8, 4, 0)

    private func note(_ audience: Audience) -> HTML? {
        if audience.servers.isEmpty { return nil }
        let older: HTML? =
            audience.servers.contains { $0.flavor == .mysql && $0.version < Self.newNames }
            ? " Before MySQL 8.4, some have <a href=\"./#mysql-57-and-80\">other names</a>." : nil
        let services: HTML? =
            audience.services.isEmpty
            ? nil
            : """
             On \(audience.services.map(\.title).joined(separator: " and ")), what only an administrator with SUPER may do has \
            <a href="./#managed-services">procedures and commands of the service</a> in its place.
            """
        return """
            <p class="audience">Statements are those for \(audience.words); what is for other servers is folded, and left out of tables. \
            <a href="\(runbook.name)">For all servers</a>\(older)\(services)</p>

            """
    }
}

/// All runbooks, and how to read them.
package struct RunbookIndex {
    package init() {}

    package var page: DocumentPage {
        var document = Markdown(Runbook.introductoryText).blocks
        if case .heading(1, _)? = document.first { document.removeFirst() }
        let renderer = MarkdownRenderer { RunbookLinks.destination($0, subject: RunbookSubject()) }
        let list = Runbook.all.map { runbook -> HTML in "<li><a href=\"\(runbook.name)\">\(runbook.name)</a></li>\n" }
        return DocumentPage(
            title: "Runbooks", root: "../",
            content: """
                <article class="document">
                <ul class="index">
                \(list)</ul>
                \(renderer.markup(document))</article>

                """)
    }
}

/// The reference of metrics.
package struct MetricsPage {
    package init() {}

    package var page: DocumentPage {
        var document = Markdown(EmbeddedDocuments.metrics).blocks
        if case .heading(1, _)? = document.first { document.removeFirst() }
        let renderer = MarkdownRenderer { _ in nil }
        return DocumentPage(
            title: "Metrics", root: "../",
            content: "<article class=\"document reference\">\n\(renderer.markup(document))</article>\n")
    }
}

/// Where the links of a runbook lead on the exporter.
enum RunbookLinks {
    /// - Parameter target: as the file in `docs/runbooks` has it.
    /// - Returns: nil for a document that the exporter does not serve.
    static func destination(_ target: String, subject: RunbookSubject) -> String? {
        let path = target.prefix { $0 != "#" }
        let anchor = target[path.endIndex...]
        if path.isEmpty { return target }
        if path == "README.md" { return "./\(anchor)" }
        if path == "../metrics.md" { return "../docs/metrics\(anchor)" }
        guard path.hasSuffix(".md"), let runbook = Runbook.named(String(path.dropLast(3))) else { return nil }
        return subject.path(runbook.name) + anchor
    }
}
