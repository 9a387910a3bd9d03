import Replication
package import Topology

/// The page at `/`: every replication set as a tree, live. It is complete without its script; the script refreshes it from
/// `/topology.html`, which serves only the part that changes.
package struct TopologyPage {
    let sets: [SetMarkup]
    /// Seconds since the nodes were asked.
    let age: Double
    let telemetryPath: String
    /// The replication sets that the request names; empty for all.
    var selected: [String] = []

    package init(_ findings: [SetFindings], age: Duration, telemetryPath: String, selected: [String] = []) {
        sets = findings.map { SetMarkup($0) }
        self.age = age.seconds
        self.telemetryPath = telemetryPath
        self.selected = selected
    }

    /// On a page with more nodes than this, only the sets with problems are expanded at first.
    private static let nodesShownAtOnce = 60

    /// The part that changes.
    package var fragment: HTML { "\(Overview(sets).markup)\(trees)" }

    private var trees: HTML {
        let isSmall = sets.reduce(0) { $0 + $1.rows.count } <= Self.nodesShownAtOnce
        return """
            <div id="sets" data-age="\(Int(age * 1000))">
            \(sets.map { $0.markup(isOpen: isSmall || $0.state != .ok) })</div>

            """
    }

    /// - Parameters:
    ///   - nonce: by which the response's Content-Security-Policy allows the page's script and styles.
    ///   - version: the program's.
    package func page(nonce: String, version: String) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Replication</title>
        <link rel="icon" href="assets/\(icon).svg" type="image/svg+xml">
        <link rel="stylesheet" href="assets/page.css" nonce="\(nonce)">
        <script type="module" src="assets/page.js" nonce="\(nonce)"></script>
        </head>
        <body data-source="topology.html\(query)">
        \(Self.shapes)<a class="skip" href="#main">Skip to the replication sets</a>
        <header>
        <h1>Replication</h1>
        <p id="clock" hidden><span id="freshness"></span> <button type="button" id="pause" aria-pressed="false">Pause</button></p>
        <noscript><p>State as of \(Amount.seconds(age)) before the page was loaded. <a href="">Reload</a></p></noscript>
        </header>
        <main id="main">
        <p id="alarm" role="alert" hidden></p>
        \(Overview(sets).markup)<form id="filter" role="search" hidden>
        <label>Show <input type="search" id="query" placeholder="node, set, address, error…" autocomplete="off" spellcheck="false"></label>
        <label class="check"><input type="checkbox" id="troubled"> only problems</label>
        <span class="buttons"><button type="button" id="unfold">Expand all</button> <button type="button" id="fold">Collapse healthy sets</button></span>
        <span id="matches" role="status"></span>
        </form>
        \(trees)<section id="changes" aria-labelledby="changes-title" hidden>
        <h2 id="changes-title">Changes since this page was opened</h2>
        <ol role="log" aria-live="polite" aria-relevant="additions"></ol>
        </section>
        </main>
        <footer>
        <nav aria-label="Exporter">
        <ul>
        <li><a href="\(relative(telemetryPath))">Metrics</a></li>
        <li><a href="topology.json\(query)">Topology as JSON</a></li>
        <li><a href="sd">Service discovery</a></li>
        <li><a href="config">Configuration</a></li>
        <li><a href="-/healthy">Healthy</a></li>
        <li><a href="-/ready">Ready</a></li>
        <li><a href="runbooks/">Runbooks</a></li>
        <li><a href="docs/metrics">Metrics reference</a></li>
        </ul>
        </nav>
        <p>mysql-replication-exporter \(version)</p>
        </footer>
        </body>
        </html>

        """
    }

    private var icon: String { (sets.map(\.state).max() ?? .unknown).rawValue }

    /// Of the characters in a name (letters, digits and `._-:@+`), only the plus sign has another meaning in a query.
    private var query: String {
        if selected.isEmpty { return "" }
        return "?" + selected.map { "replication_set=\($0.replacing("+", with: "%2B"))" }.joined(separator: "&")
    }

    /// Behind a proxy, the page may be served below any path.
    private func relative(_ path: String) -> String { "." + path }

    /// The icons: each state has its own shape, so that they can be told apart without colour.
    static let shapes: HTML = """
        <svg class="unseen" aria-hidden="true" width="0" height="0">
        <symbol id="ok" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.5"/><path class="mark" d="M4.5 8.3l2.4 2.4 4.6-5"/></symbol>
        <symbol id="unknown" viewBox="0 0 16 16"><rect x="1" y="1" width="14" height="14" rx="3"/><path class="mark" d="M5.8 6.2c0-3 4.6-3 4.6-.2 0 1.9-2.3 1.7-2.3 3.5M8.1 11.9v.4"/></symbol>
        <symbol id="warning" viewBox="0 0 16 16"><path d="M8 .8l7.6 13.9H.4z"/><path class="mark" d="M8 5.7v4.3M8 12.1v.4"/></symbol>
        <symbol id="critical" viewBox="0 0 16 16"><path d="M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z"/><path class="mark" d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4"/></symbol>
        </svg>

        """
}
