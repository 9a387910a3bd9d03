import Presentation
import Web

/// The files that the topology page loads from its own server.
enum PageAssets {
    /// Served below `/assets/`.
    static func response(_ name: String?) -> Response {
        guard let asset = PageAsset(named: name) else { return .text(status: 404, "no such file") }
        var response = Response(contentType: asset.contentType, body: asset.body)
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        // Files change when the program is upgraded.
        response.headers["Cache-Control"] = "no-cache"
        return response
    }
}
