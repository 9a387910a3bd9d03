import Presentation
import Web

extension TopologyPage {
    var response: Response {
        let nonce = Nonce.next()
        return Self.response(
            page(nonce: nonce, version: BuildVersion.text),
            allowing: "script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src 'self'; connect-src 'self'")
    }

    var fragmentResponse: Response { Self.response(fragment, allowing: nil) }

    private static func response(_ markup: HTML, allowing policy: String?) -> Response {
        var response = Response.html(Array(markup.text.utf8), allowing: policy)
        // It shows only this moment, and names the fleet's servers.
        response.headers["Cache-Control"] = "no-store"
        return response
    }
}
