import ArgumentParser
import Testing

@testable import Exporter

@Suite("The options of serve")
struct ServeTests {
    @Test(
        "an impossible timeout offset is refused",
        arguments: ["1e300", "3600.1", "-0.1", "nan", "inf"])
    func timeoutOffset(value: String) throws {
        let error = try #require(
            #expect(throws: (any Error).self) {
                try Exporter.parseAsRoot(["--node", "a=h", "--scrape.timeout-offset=\(value)"])
            })
        #expect(Exporter.message(for: error) == "--scrape.timeout-offset must be between 0 and 3600 seconds.")
    }

    @Test("the maximum offset is an hour")
    func longestOffset() throws {
        let command = try Exporter.parseAsRoot(["--node", "a=h", "--scrape.timeout-offset", "3600"])
        #expect((command as? Serve)?.timeoutOffset == 3600)
    }
}
