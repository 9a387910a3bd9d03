import Presentation
import Web

extension DocumentPage {
    var response: Response {
        let nonce = Nonce.next()
        var response = Response.html(
            Array(page(nonce: nonce, version: BuildVersion.text).text.utf8),
            allowing: "style-src 'nonce-\(nonce)'; img-src 'self'")
        // A runbook shows this moment, and names the fleet's servers; all change when the program is upgraded.
        response.headers["Cache-Control"] = "no-store"
        return response
    }
}
