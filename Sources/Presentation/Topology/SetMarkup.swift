import Replication
import Topology

/// A replication set on the topology page: which node takes the writes, what is wrong, and the nodes as a tree in a table.
struct SetMarkup {
    let findings: SetFindings
    let rows: [TreeRow]
    let state: PageState
    private let primary: Primary

    /// - Parameters:
    ///   - node: the only node to show; nil for all.
    ///   - channel: the only one of that node's channels.
    init(_ findings: SetFindings, node: String? = nil, channel: String? = nil) {
        self.findings = findings
        let rows = TreeRow.rows(of: findings)
        self.rows = node.map { TreeRow.rows(of: $0, channel, among: rows) } ?? rows
        state = findings.state(self.rows)
        primary = findings.primary
    }

    /// - Parameter isOpen: whether the nodes are shown initially.
    func markup(isOpen: Bool) -> HTML {
        """
        <section class="set" id="set-\(findings.name)" data-state="\(state.rawValue)" aria-labelledby="name-\(findings.name)">
        <details\(isOpen ? " open" : "")>
        <summary>\(state.icon)<h2 id="name-\(findings.name)">\(findings.name)</h2> <span class="facts">\(facts)</span></summary>
        \(troubles)\(findings.clusters.map(cluster))<table role="table" aria-labelledby="name-\(findings.name)">
        <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Node</th>\
        <th role="columnheader" scope="col">Threads</th><th role="columnheader" scope="col">Lag</th>\
        <th role="columnheader" scope="col">Bytes behind</th>\
        <th role="columnheader" scope="col">Transactions</th></tr></thead>
        <tbody role="rowgroup">
        \(rows.map(row))</tbody></table></details></section>

        """
    }

    private var facts: HTML {
        let up = findings.nodes.count { $0.report.isUp }
        var facts: [HTML] = ["<span>\(up) of \(Amount.count(findings.nodes.count, "node")) up</span>"]
        switch primary {
        case .node(let name): facts.append("<span>writes go to <b>\(name)</b></span>")
        case .unknown(let reason): facts.append("<span>no primary: \(reason)</span>")
        }
        facts += LagSummary(findings.nodes).markup { "\($0)" }
        return facts.joined(separator: " ")
    }

    /// A cluster as a whole, and who sees whom where the members do not agree.
    private func cluster(_ cluster: ClusterFindings) -> HTML {
        let facts: [HTML] = cluster.facts.map { "<span>\($0)</span>" }
        let matrix: HTML? = ClusterOpinions(cluster, in: findings).map { opinions in
            let columns: [HTML] = opinions.members.map { "<th scope=\"col\">\($0)</th>" }
            let rows: [HTML] = opinions.rows.map { row in
                let cells: [HTML] = row.words.map { "<td>\($0)</td>" }
                return "<tr><th scope=\"row\">\(row.node)</th>\(cells)</tr>\n"
            }
            return """
                <table class="opinions"><caption>Who sees whom</caption>
                <thead><tr><td></td>\(columns)</tr></thead>
                <tbody>\(rows)</tbody></table>

                """
        }
        return """
            <div class="cluster"><p><b>\(cluster.title)</b> <span class="facts">\(facts.joined(separator: " "))</span></p>
            \(matrix)</div>

            """
    }

    private var troubles: HTML? {
        findings.troubles.isEmpty ? nil : "<ul class=\"reasons\">\(findings.troubles.map(\.reason.markup))</ul>\n"
    }

    private func row(_ row: TreeRow) -> HTML {
        let state = row.state
        let id: HTML = row.isRepeated || row.isFromOutside ? "" : " id=\"node-\(row.node.description.name)\""
        return """
            <tr role="row"\(id) class="node" data-state="\(state.rawValue)" data-depth="\(row.guides.count)">\
            <th role="rowheader" scope="row">\(guides(row))<span class="who">\(state.icon)\(label(row))</span></th>\
            \(measures(row))\(reasons(row))</tr>

            """
    }

    /// The tree's lines, hidden from screen readers: for them, `label` names the node's source.
    private func guides(_ row: TreeRow) -> HTML {
        let lines = row.guides.map { guide -> HTML in "<i class=\"\(guide.name)\"></i>" }
        return "<span class=\"guides\(row.hasBranches ? " parent" : "")\" aria-hidden=\"true\">\(lines)</span>"
    }

    private func label(_ row: TreeRow) -> HTML {
        let node = row.node
        let channel = row.channel.map(\.channel.name).flatMap { name -> HTML? in
            name.isEmpty ? nil : " <span class=\"tag\">channel \(name)</span>"
        }
        if row.isFromOutside {
            return
                "<span class=\"unseen\">\(node.description.name) </span>from \(row.channel?.channel.source.description ?? "nowhere")\(channel) <small>\(row.channel?.isParked == true ? "parked" : "not configured here")</small>"
        }
        let name: HTML = "<b>\(node.description.name)</b>"
        if row.isRepeated { return "\(name)\(channel) <small>shown above; ring or additional channel</small>" }
        var tags: [HTML] = []
        if !node.report.isUp {
            tags.append(
                node.report.troubleOfBeingDown == .connectionLimit
                    ? " <span class=\"tag refusing\">refuses connections</span>"
                    : " <span class=\"tag down\">down</span>")
        }
        if primary.name == node.description.name {
            tags.append(" <span class=\"tag writes\">takes the writes</span>")
        }
        let follows = row.channel?.sourceNode.map { source -> HTML in
            "<span class=\"unseen\"> replicates from \(source),</span>"
        }
        return "\(name)\(follows)\(channel)\(tags) <small>\(about(row))</small>"
    }

    /// Each part is on one line if it fits on one: a binary log's name has hyphens.
    private func about(_ row: TreeRow) -> HTML {
        aboutParts(row).map { part -> HTML in "<span class=\"part\">\(part)</span>" }.joined(separator: " · ")
    }

    private func aboutParts(_ row: TreeRow) -> [String] {
        let facts = row.node.report.facts
        var parts: [String] = []
        if let role = row.node.role { parts.append(role.rawValue) }
        if let isReadOnly = facts?.isReadOnly { parts.append(isReadOnly ? "read-only" : "writable") }
        if let identity = facts?.identity {
            parts.append("\(identity.flavor.title) \(identity.version)")
        }
        if row.node.isReplica == false, let end = facts?.binaryLog?.end { parts.append("\(end)") }
        parts.append("\(row.node.description.address)")
        if let delay = row.channel?.channel.configuredDelay, delay > 0 {
            parts.append("delayed by \(Amount.seconds(delay))")
        }
        if row.channel?.isParked == true { parts.append("channel parked") }
        return parts
    }

    // MARK: - Measurements

    private func measures(_ row: TreeRow) -> HTML {
        guard let channel = row.channel else {
            if let member = row.node.member, !row.isRepeated { return measures(member, row.node) }
            let none: HTML = "<td role=\"cell\" class=\"none\"></td>"
            return "\(none)\(none)\(none)\(none)"
        }
        let isLate = channel.checks[.lag] == false
        return """
            <td role="cell" class="threads" data-label="Threads">\(threads(channel))</td>\
            <td role="cell" class="lag\(isLate ? " bad" : "")" data-label="Lag">\(shown(channel.lag?.text))</td>\
            <td role="cell" class="bytes" data-label="Bytes behind">\(shown(channel.applyDelta.map(Amount.bytes)))</td>\
            <td role="cell" class="transactions" data-label="Transactions">\(transactions(channel))</td>
            """
    }

    /// A cluster counts no bytes.
    private func measures(_ member: MemberFindings, _ node: NodeFindings) -> HTML {
        let none: HTML = "<td role=\"cell\" class=\"none\"></td>"
        let state: HTML? = node.report.facts?.cluster.map { (cluster) -> HTML in
            let isWell = member.isInComponent && cluster.isReady
            let word = cluster.state.rawValue + (cluster.isReady ? "" : ", not ready") + cluster.clone.words
            return "<span class=\"thread\(isWell ? "" : " bad")\">\(word)</span>"
        }
        guard member.isInComponent, member.isReceiver else {
            return "<td role=\"cell\" class=\"threads\" data-label=\"Member\">\(state)</td>\(none)\(none)\(none)"
        }
        let isLate = member.checks[.lag] == false
        let missing: HTML = shown(member.missing.map { "\(Amount.grouped($0)) missing" })
        return """
            <td role="cell" class="threads" data-label="Member">\(state)</td>\
            <td role="cell" class="lag\(isLate ? " bad" : "")" data-label="Lag">\(shown(member.lag?.text))</td>\
            \(none)\
            <td role="cell" class="transactions" data-label="Transactions">\(missing)</td>
            """
    }

    private func shown(_ amount: String?) -> HTML { amount.map { "\($0)" } ?? "<em>unknown</em>" }

    private func threads(_ channel: ChannelFindings) -> HTML {
        func thread(_ name: String, _ state: String, _ isRunning: Bool) -> HTML {
            isRunning
                ? "<span class=\"thread\">\(name) <span aria-hidden=\"true\">✓</span><span class=\"unseen\">running</span></span>"
                : "<span class=\"thread\(channel.isParked ? "" : " bad")\">\(name) \(state)</span>"
        }
        let io = channel.channel.ioThread
        return
            "\(thread("IO", io.rawValue, io == .running)) \(thread("SQL", "stopped", channel.channel.isApplierRunning))"
    }

    private func transactions(_ channel: ChannelFindings) -> HTML {
        let missing: HTML = shown(channel.distance.missing.map(channel.distance.words))
        guard let errant = channel.errant, errant > 0 else { return missing }
        let bound = channel.isErrantAtLeast ? "at least " : ""
        return "\(missing) <span class=\"bad\">\(bound)\(Amount.grouped(errant)) errant</span>"
    }

    private func reasons(_ row: TreeRow) -> HTML? {
        let reasons = row.reasons.map(\.markup)
        return reasons.isEmpty ? nil : "<td role=\"cell\" class=\"why\"><ul class=\"reasons\">\(reasons)</ul></td>"
    }
}

extension Reason {
    fileprivate var markup: HTML { "<li data-state=\"\(state.rawValue)\">\(text)</li>" }
}

extension TreeRow.Guide {
    fileprivate var name: String {
        switch self {
        case .blank: "blank"
        case .passing: "passing"
        case .branch: "branch"
        case .last: "last"
        }
    }
}
