import Documents
import Replication
import Testing

@testable import Configuration

@Suite struct ValueTests {
    @Test(
        "addresses are read, and written in canonical form",
        arguments: [
            ("db1", Address.tcp(host: "db1", port: 3306), "db1:3306"),
            ("db1.example.org:3307", .tcp(host: "db1.example.org", port: 3307), "db1.example.org:3307"),
            ("10.0.0.1:1", .tcp(host: "10.0.0.1", port: 1), "10.0.0.1:1"),
            ("h:65535", .tcp(host: "h", port: 65535), "h:65535"),
            ("[::1]", .tcp(host: "::1", port: 3306), "[::1]:3306"),
            ("[fe80::1%eth0]:3307", .tcp(host: "fe80::1%eth0", port: 3307), "[fe80::1%eth0]:3307"),
            ("unix:/run/mysqld/mysqld.sock", .unix(path: "/run/mysqld/mysqld.sock"), "unix:/run/mysqld/mysqld.sock"),
            ("unix:///run/x", .unix(path: "/run/x"), "unix:/run/x"),
        ])
    func addresses(text: String, address: Address, written: String) throws {
        #expect(try Address(text) == address)
        #expect(address.description == written)
    }

    @Test(
        "invalid addresses are refused",
        arguments: [
            "", ":", "h:0", "h:65536", "h:+1", "h:-1", "h:٣", "::1", "1::2:3306", "[::1]3306", "[h]", "[]", "[::1%]",
            "h/x",
            "-h", "unix:", "unix:/", "unix:x", "unix:/" + String(repeating: "x", count: 107), "h\0", "tcp://h",
        ])
    func wrongAddresses(text: String) {
        #expect(throws: Quantity.Malformed.self) { try Address(text) }
    }

    @Test("a secret is revealed only on request")
    func secret() throws {
        let secret = Secret("geheim")
        let password = Credentials.PasswordSource.literal(secret)
        let configuration = try parse(
            "defaults: {user: u, password: geheim}\nreplication_sets: [{name: s, nodes: [{name: a, address: a}]}]"
        ).configuration
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(password, to: &dumped)
        for text in [
            "\(secret)", String(reflecting: secret), "\(password)", "\(configuration)",
            String(reflecting: configuration),
            "\([secret])", "\(Optional(secret) as Any)", dumped,
        ] {
            #expect(!text.contains("geheim"))
        }
        #expect("\(secret)" == "***")
        #expect(secret.reveal() == "geheim")
        #expect(secret == Secret("geheim"))
        #expect(secret != Secret("Geheim"))
    }
}
