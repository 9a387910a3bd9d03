import Testing

@testable import Replication

@Suite("Addresses")
struct AddressTests {
    @Test(
        "of the same server are the same, however they are written",
        arguments: [
            ("db1", "DB1"), ("db1.example.com", "Db1.Example.Com."), ("::1", "0:0:0:0:0:0:0:1"), ("::1", "0::0001"),
            ("fe80::1%eth0", "FE80:0::1%eth0"), ("2001:db8::a:0:1", "2001:0DB8:0:0:0:A::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"), ("::ffff:a00:1", "10.0.0.1"), ("64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
        ])
    func same(one: String, other: String) {
        let (one, other) = (Address.tcp(host: one, port: 3306), Address.tcp(host: other, port: 3306))
        #expect(one.isSame(as: other) && other.isSame(as: one))
        #expect(one.canonical == other.canonical && one.canonical.canonical == one.canonical)
    }

    @Test("have one spelling: eight groups without leading zeros, lower case, no dot at the end")
    func canonical() {
        #expect(Address.tcp(host: "::1", port: 1).canonical == .tcp(host: "0:0:0:0:0:0:0:1", port: 1))
        #expect(Address.tcp(host: "DB1.example.", port: 1).canonical == .tcp(host: "db1.example", port: 1))
    }

    @Test(
        "of different servers differ",
        arguments: [
            ("db1", "db2"), ("db1", "db1.example.com"), ("::1", "::2"), ("::1", "1::"), ("::1", "127.0.0.1"),
            ("fe80::1%eth0", "fe80::1%eth1"), ("::a00:1", "10.0.0.1"),
            // Not addresses, so nothing is known of them.
            ("1:2", "1:02"), (":::", "::"), ("::10.0.0.256", "::10.0.0.0"), ("::+1", "::1"), ("1::2::3", "1:0::2::3"),
            ("1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8"), ("", "."),
        ])
    func different(one: String, other: String) {
        let (one, other) = (Address.tcp(host: one, port: 3306), Address.tcp(host: other, port: 3306))
        #expect(!one.isSame(as: other) && !other.isSame(as: one))
    }

    @Test("The port counts, and the path of a socket is case-sensitive")
    func others() {
        #expect(!Address.tcp(host: "db1", port: 3306).isSame(as: .tcp(host: "db1", port: 3307)))
        #expect(!Address.unix(path: "/run/a").isSame(as: .unix(path: "/run/A")))
        #expect(Address.unix(path: "/run/a").isSame(as: .unix(path: "/run/a")))
    }
}
