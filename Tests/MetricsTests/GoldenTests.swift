import Exposition
import Foundation
import Metrics
import Replication
import ReplicationTesting
import Testing
import Topology

/// `Tests/Golden` contains the expected output, byte for byte. After an intended change, run the tests once with
/// `RECORD_GOLDEN=1`, and review the diff before committing it.
@Suite("Golden output")
struct GoldenTests {
    enum Picture: String, CaseIterable {
        case shop, branches, clusters, exporter

        func families() throws -> Families {
            var families = Families()
            switch self {
            case .shop: families.add(try GoldenSets.shop(), MetricsOptions(workers: true))
            case .branches: families.add(try GoldenSets.branches(), MetricsOptions(gtidDomains: true))
            case .clusters: families.add(GoldenSets.clusters())
            case .exporter: families.add(GoldenSets.exporter())
            }
            return families
        }
    }

    @Test("The scenes render as recorded", arguments: Picture.allCases, [ExpositionFormat.text004, .openMetrics100])
    func golden(picture: Picture, format: ExpositionFormat) throws {
        let families = try picture.families()
        #expect(MetricFamily.problems(in: families.all) == [])
        try expectGolden(
            families.text(format), "\(picture.rawValue).\(format == .text004 ? "txt" : "openmetrics.txt")")
    }

    @Test(
        "promtool finds nothing to complain about",
        .enabled(
            if: Promtool.path != nil, "promtool is not installed here: the names are NOT checked (Debian: prometheus)"))
    func promtool() throws {
        let (status, output) = try Promtool.checkMetrics(try Families.everything().text())
        #expect(output == "")
        #expect(status == 0)
    }

    @Test(
        "promtool does complain about a bad name",
        .enabled(
            if: Promtool.path != nil, "promtool is not installed here: the names are NOT checked (Debian: prometheus)"))
    func badName() throws {
        let (status, output) = try Promtool.checkMetrics("# TYPE fooBar counter\nfooBar 1\n")
        #expect(output.contains("fooBar"))
        #expect(status != 0)
    }
}

/// Compares a text with a file of `Tests/Golden/metrics`, byte for byte; records it with `RECORD_GOLDEN`.
func expectGolden(_ text: String, _ name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/metrics/\(name)")
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
        try text.write(to: file, atomically: true, encoding: .utf8)
        Issue.record("\(name) is recorded; read the difference, then run without RECORD_GOLDEN")
    }
    let recorded = try String(contentsOf: file, encoding: .utf8)
    let difference = text.split(separator: "\n").difference(from: recorded.split(separator: "\n")).map {
        switch $0 {
        case .insert(_, let line, _): "+ \(line)"
        case .remove(_, let line, _): "- \(line)"
        }
    }
    #expect(difference == [])
    #expect(text == recorded)
}

private enum Promtool {
    static let path: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(filePath: String($0)).appending(path: "promtool") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }

    static func checkMetrics(_ text: String) throws -> (status: Int32, output: String) {
        let input = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString).txt")
        try text.write(to: input, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: input) }
        let outcome = try runProgram(["promtool", "check", "metrics"], input: input.path)
        return (outcome.status, outcome.text)
    }
}
