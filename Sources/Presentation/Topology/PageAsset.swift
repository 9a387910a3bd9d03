/// A file of `Assets/` that the topology page loads from the exporter. The files are built into the program.
package struct PageAsset {
    package let contentType: String
    package let body: [UInt8]

    /// Nil if there is no such file.
    package init?(named name: String?) {
        switch name {
        case "page.css": self.init("text/css; charset=utf-8", PackageResources.page_css)
        case "page.js": self.init("text/javascript; charset=utf-8", PackageResources.page_js)
        case "ok.svg": self.init("image/svg+xml", PackageResources.ok_svg)
        case "unknown.svg": self.init("image/svg+xml", PackageResources.unknown_svg)
        case "warning.svg": self.init("image/svg+xml", PackageResources.warning_svg)
        case "critical.svg": self.init("image/svg+xml", PackageResources.critical_svg)
        default: return nil
        }
    }

    private init(_ contentType: String, _ body: [UInt8]) {
        self.contentType = contentType
        self.body = body
    }
}
