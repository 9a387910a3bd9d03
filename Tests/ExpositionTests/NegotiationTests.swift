import Testing

@testable import Exposition

private let prometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
private let prometheus2 =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

@Suite struct NegotiationTests {
    @Test(
        "Clients that prefer OpenMetrics get it",
        arguments: [
            prometheus2,
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; Version=1.0.0",
            #"application/openmetrics-text; version="1.0.0""#,
            "application/*",
            "text/plain;q=0.5, application/openmetrics-text;q=0.7",
            "application/openmetrics-text, text/plain",
            "*/*;q=0, application/openmetrics-text;q=0.001",
            "application/openmetrics-text, */*",
            "text/plain;version=1.0.0, application/openmetrics-text;q=0.1",
            "nonsense, application/openmetrics-text;version=1.0.0;q=0.3",
        ])
    func openMetrics(accept: String) {
        #expect(NegotiatedFormat.negotiate(accept: accept) == NegotiatedFormat(.openMetrics100))
    }

    @Test(
        "Clients that prefer text 0.0.4, or cannot be understood, get it",
        arguments: [
            nil, "", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "text/plain", "text/plain;version=0.0.4",
            "text/*",
            "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0", "application/openmetrics-text;q=0, */*",
            "application/openmetrics-text;q=banana", "application/openmetrics-text;q=7",
            "application/openmetrics-text;q=nan", "application/openmetrics-text;q=-1",
            "text/plain, application/openmetrics-text", "text/plain;q=0.7, application/openmetrics-text;q=0.5",
            "application/json", "openmetrics", "///", ";;;,,,;q=", "text/plain;q=0", #"""#, "\u{0},\u{FFFD}",
            #"x/y;a=",application/openmetrics-text,""#,
        ] as [String?])
    func text(accept: String?) {
        #expect(NegotiatedFormat.negotiate(accept: accept) == NegotiatedFormat(.text004))
    }

    @Test(
        "The Content-Type names the format, the version and, if requested, the escaping",
        arguments: [
            (nil, "text/plain; version=0.0.4; charset=utf-8"),
            (
                "text/plain;version=0.0.4;escaping=dots",
                "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
            ),
            (prometheus2, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
            (prometheus3, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"),
        ] as [(String?, String)])
    func contentType(accept: String?, contentType: String) {
        #expect(NegotiatedFormat.negotiate(accept: accept).contentType == contentType)
    }
}
