import Foundation
import ReplicationTesting
import Testing

@testable import Web

@Suite struct CompressionTests {
    @Test(
        "gzip is used if it is allowed and preferred no less than the plain body",
        arguments: [
            ("gzip", true), ("GZIP", true), ("x-gzip", true), ("gzip, deflate, br", true), ("deflate;q=0.5, *", true),
            ("gzip;q=0.001", true), ("identity;q=0.5, gzip;q=0.5", true), ("gzip ; q=0.3", true),
            (nil, false), ("", false), ("gzip;q=0", false), ("gzip;q=0.000, *", false), ("*;q=0", false),
            ("identity", false), ("identity, gzip;q=0.5", false), ("deflate", false), ("gzip;q=banana", false),
            ("gzip;q=2", false), ("gzip;q=nan", false), (";;,;q=1,", false), ("gzippy", false),
        ] as [(String?, Bool)])
    func negotiation(header: String?, allows: Bool) {
        #expect(AcceptEncoding(header).allowsGzip == allows)
    }

    @Test("A body survives gzip and gunzip", arguments: [1, 255, 256, 1_000, 4_095, 4_096, 32_767, 32_768, 1_000_000])
    func roundTrip(count: Int) throws {
        // Half of it repetitive, half of it noise, which deflate cannot compress.
        var state: UInt32 = 1
        let body = (0..<count).map { index -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return index < count / 2 ? UInt8(index % 7) : UInt8(state >> 24)
        }
        let compressed = try #require(gzip(body))
        #expect(try gunzip(compressed) == body)
    }

    @Test("Small bodies stay plain; larger ones have a Vary field, compressed or not")
    func threshold() {
        let gzip = Request(path: "/", headers: ["Accept-Encoding": "gzip"])
        let plain = Request(path: "/")
        let small = Response(body: Array(repeating: 0, count: 1023))
        let large = Response(headers: ["Vary": "Accept"], body: Array(repeating: 0, count: 1024))
        #expect(small.encoded(for: gzip).body == small.body)
        #expect(small.encoded(for: gzip).headers["Vary"] == nil)
        #expect(large.encoded(for: plain).body == large.body)
        #expect(large.encoded(for: plain).headers["Vary"] == "Accept, Accept-Encoding")
        #expect(large.encoded(for: plain).headers["Content-Encoding"] == nil)
        #expect(large.encoded(for: gzip).body.count < 100)
        #expect(large.encoded(for: gzip).headers["Content-Encoding"] == "gzip")
        #expect(large.encoded(for: gzip).headers["Vary"] == "Accept, Accept-Encoding")
        var encoded = large
        encoded.headers["Content-Encoding"] = "br"
        #expect(encoded.encoded(for: gzip).body == large.body)
    }
}

/// Decompresses with the system's gzip, independent of the library that compressed.
func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("web-tests-\(UUID().uuidString).gz")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let outcome = try runProgram(["gzip", "--decompress", "--stdout", file.path])
    #expect(outcome.status == 0)
    return outcome.output
}
