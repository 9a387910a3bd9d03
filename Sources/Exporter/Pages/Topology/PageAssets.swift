import Web

/// What the topology page loads from its own server: the files of `Assets/`, which are part of the program.
enum PageAssets {
    /// Served below `/assets/`.
    static func response(_ name: String?) -> Response {
        switch name {
        case "page.css": asset("text/css; charset=utf-8", PackageResources.page_css)
        case "page.js": asset("text/javascript; charset=utf-8", PackageResources.page_js)
        case "ok.svg": asset("image/svg+xml", PackageResources.ok_svg)
        case "unknown.svg": asset("image/svg+xml", PackageResources.unknown_svg)
        case "warning.svg": asset("image/svg+xml", PackageResources.warning_svg)
        case "critical.svg": asset("image/svg+xml", PackageResources.critical_svg)
        default: .text(status: 404, "no such file")
        }
    }

    private static func asset(_ contentType: String, _ body: [UInt8]) -> Response {
        var response = Response(contentType: contentType, body: body)
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        // Another version of the program may be here tomorrow.
        response.headers["Cache-Control"] = "no-cache"
        return response
    }
}
