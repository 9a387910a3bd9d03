import Foundation
import ReplicationTesting
import Testing

@testable import Alerting

@Suite("What Prometheus makes of the rules")
struct PromtoolTests {
    /// Options that change the form of the file.
    private static let variants: [@Sendable (inout RuleOptions) throws -> Void] = [
        { _ in },
        { try $0.linkExporter("https://x.example/a/") },
        { try $0.linkRunbooks("http://[::1]:80/%20/%s#a?b=c&d;e:f") },
        { try $0.select(#"job=~"db-(a|b)[a-z]*.+",cluster="a: b #c\"d\\e%s{{x}}it's",region!~"x|",zone!='%'"#) },
        { try $0.select(#"a=~"[^a_0-9b-c]+\\.(?:d)?|é""#) },
        { options in
            for threshold in Threshold.allCases {
                try options.setThreshold("\(threshold.rawValue)=\(threshold.standard)")
            }
            for alert in RuleGroup.alerts {
                try options.setDuration("\(alert.name)/\(alert.severity.rawValue)=1d2h3m4s")
            }
        },
    ]

    @Test("It loads them, whatever the options are", arguments: 0..<variants.count, RuleOptions.Part.allCases)
    func loads(variant: Int, part: RuleOptions.Part) throws {
        var options = RuleOptions()
        options.part = part
        try Self.variants[variant](&options)
        try check(RuleFile(options).text)
        // The operator takes the groups from below `spec`.
        options.format = .operator
        let resource = RuleFile(options).text
        let spec = try #require(resource.firstRange(of: "\nspec:\n")).upperBound
        let lines = resource[spec...].split(separator: "\n", omittingEmptySubsequences: false)
        try check(lines.map { $0.dropFirst(2) }.joined(separator: "\n"))
    }

    private func check(_ text: String) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("rules-\(UUID().uuidString).yml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let promtool = try runProgram(["promtool", "check", "rules", "--lint-fatal", file.path])
        #expect(promtool.status == 0, "\(promtool.text)\n\(text)")
    }
}
