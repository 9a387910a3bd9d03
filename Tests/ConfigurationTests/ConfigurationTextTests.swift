import Testing

@testable import Configuration

@Suite struct ConfigurationTextTests {
    @Test("the effective configuration is shown with its defaults, in the file's own format")
    func shown() throws {
        #expect(
            try parse(
                """
                defaults: {user: exporter, password_file: /run/pw, timeout: 90s, tls: {mode: required}}
                replication_sets:
                - name: shop
                  user: "o'\\"x"
                  nodes:
                  - {name: db1, address: "[::1]", aliases: [h1, h2]}
                  - {name: db2, address: h2:1, source: {"": db1, eu: db1}, parked_channels: ["", us], timeout: 1500ms, password: geheim}
                  sentinel: {table: p.s}
                  errant_allowed: [b3eb91de-e55f-11f1-a23a-02fc00000001, 12]
                """
            ).configuration.text == """
                defaults:
                  user: exporter
                  password_file: /run/pw
                replication_sets:
                  - name: shop
                    user: "o'\\"x"
                    nodes:
                      - name: db1
                        address: "[::1]:3306"
                        aliases: [h1:3306, h2:3306]
                        tls:
                          mode: required
                        timeout: 1m30s
                      - name: db2
                        address: h2:1
                        source: {"": db1, eu: db1}
                        parked_channels: ["", us]
                        password: "<secret>"
                        tls:
                          mode: required
                        timeout: 1s500ms
                    thresholds:
                      lag: 30s
                      bytes: 100MB
                    sentinel:
                      table: p.s
                      interval: 15s
                    errant_allowed: [b3eb91de-e55f-11f1-a23a-02fc00000001, 12]
                metrics:
                  workers: false
                  gtid_domains: false

                """)
    }

    @Test(
        "the shown configuration reads back as the same one",
        arguments: [
            interfaceExample,
            """
            defaults: {password: "${PW}", tls: {ca: "c d", mode: verify_identity}}
            replication_sets:
            - {name: a, user: "null", nodes: [{name: 1, address: "unix:/a b"}]}
            - {name: b, option_file: "~/ä\\n\\"\\\\:", nodes: [{name: "true", address: x, user: "- x: #"}], checksums: {}}
            metrics: {workers: true, compatibility: [mysqld_exporter]}
            """,
        ])
    func readsBack(text: String) throws {
        let environment = ["PW": "x", "HOME": "/h"]
        let configuration = try parse(text, environment: environment).configuration
        #expect(try parse(configuration.text, environment: environment).configuration == configuration)
    }
}
