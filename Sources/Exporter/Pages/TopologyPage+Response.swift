import Presentation
import Web

extension TopologyPage {
    var response: Response {
        let nonce = Self.nonce()
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

    /// 128 unpredictable bits, new for every page.
    private static func nonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 36) + String(generator.next(), radix: 36)
    }
}
