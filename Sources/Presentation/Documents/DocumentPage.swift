/// The frame of pages to read. Without a script: what is on the page stays as it was when the page was loaded.
package struct DocumentPage {
    let title: String
    /// The path from the page to the exporter's root, since a proxy may serve it below any path.
    let root: String
    let content: HTML

    /// - Parameters:
    ///   - nonce: by which the response's Content-Security-Policy allows the page's styles.
    ///   - version: the program's.
    package func page(nonce: String, version: String) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title)</title>
        <link rel="icon" href="\(root)assets/unknown.svg" type="image/svg+xml">
        <link rel="stylesheet" href="\(root)assets/page.css" nonce="\(nonce)">
        </head>
        <body>
        \(TopologyPage.shapes)<header>
        <h1>\(title)</h1>
        </header>
        <main id="main">
        \(content)</main>
        <footer>
        <nav aria-label="Exporter">
        <ul>
        <li><a href="\(root)">Replication</a></li>
        <li><a href="\(root)runbooks/">Runbooks</a></li>
        <li><a href="\(root)docs/metrics">Metrics reference</a></li>
        </ul>
        </nav>
        <p>mysql-replication-exporter \(version)</p>
        </footer>
        </body>
        </html>

        """
    }
}
