import Foundation
import Testing

@testable import Web

@Suite struct AddressTests {
    @Test(
        "An address reads back as it is written",
        arguments: [
            (":19104", .tcp(host: nil, port: 19104)), ("127.0.0.1:0", .tcp(host: "127.0.0.1", port: 0)),
            ("[::1]:9", .tcp(host: "::1", port: 9)), ("[::]:65535", .tcp(host: "::", port: 65535)),
            ("db-monitor:80", .tcp(host: "db-monitor", port: 80)), ("unix:/run/x.sock", .unix(path: "/run/x.sock")),
        ] as [(String, ListenAddress)])
    func reads(text: String, address: ListenAddress) throws {
        #expect(try ListenAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(
        "An invalid address is refused with advice",
        arguments: [
            "", "19104", "localhost", ":", ":65536", ":-1", ":x", "::1:9", "[::1]", "[]:1", "[::1:9", "unix:", "unix:x",
            "unix:/" + String(repeating: "x", count: 107), "http://localhost:9104/",
        ])
    func refuses(text: String) {
        #expect(throws: ListenerError.malformedAddress(text)) { try ListenAddress(text) }
    }

    @Test("An error says the address, the errno and what to do")
    func errors() {
        #expect(
            ListenerError.cannotListen(.tcp(host: nil, port: 19104), errno: EADDRINUSE).description
                == "cannot listen on :19104: Address already in use (errno 98); another process uses it: "
                + "stop that process, or choose another --web.listen-address")
        #expect(
            ListenerError.malformedAddress("9104").description
                == "\"9104\" is not a listen address: use host:port, :port, [IPv6 address]:port or unix:/path")
    }
}
