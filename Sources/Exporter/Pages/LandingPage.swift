import Web

/// The page at `/`.
enum LandingPage {
    static func response(telemetryPath: String) -> Response {
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>MySQL replication exporter</title>
            </head>
            <body>
            <h1>MySQL replication exporter</h1>
            <p>Version \(BuildVersion.text)</p>
            <ul>
            <li><a href="\(escaped(telemetryPath))">Metrics</a></li>
            <li><a href="/topology.json">Topology</a> (JSON)</li>
            <li><a href="/sd">Nodes</a>, for Prometheus' HTTP service discovery</li>
            <li><a href="/config">Configuration</a></li>
            <li><a href="/-/healthy">Healthy</a></li>
            <li><a href="/-/ready">Ready</a></li>
            </ul>
            </body>
            </html>

            """
        return .html(Array(page.utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
