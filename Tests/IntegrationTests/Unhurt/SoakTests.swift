import Foundation
import Sandbox
import Testing

extension IntegrationSuite {
    /// `make soak` runs the long one: SOAK_SCRAPES, SOAK_NODES, SOAK_SEED and SOAK_MINUTES (at most) set its length,
    /// and EXPORTER the program.
    @Suite("A soak")
    struct SoakTests {
        private static func setting(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment[name].flatMap(Int.init)
        }

        @Test(
            "Faults come and go: healthy nodes are up, memory stays flat, no descriptor leaks, every value is right"
        )
        func soak() async throws {
            let soak = Soak(
                scrapes: Self.setting("SOAK_SCRAPES") ?? 200, nodes: Self.setting("SOAK_NODES") ?? 60,
                seed: UInt64(Self.setting("SOAK_SEED") ?? 1),
                limit: .seconds(60 * (Self.setting("SOAK_MINUTES") ?? 600)))
            let software = try await ServerSoftware.find("mariadb")
            let outcome = try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                try await soak.run(in: sandbox) { try await RunningExporter.start($0, in: sandbox) }
            }
            print(outcome.report)
            #expect(outcome.faults > 0)
            #expect(outcome.wronged.isEmpty, "\(outcome.wronged.prefix(5))")
            #expect(outcome.differences.isEmpty, "\(outcome.differences.prefix(5))")
            #expect(outcome.growth < 16 << 20)
            #expect((outcome.usage.last?.residentMemory ?? .max) < (outcome.fresh?.residentMemory ?? 0) + 32 << 20)
            let (last, fresh) = (try #require(outcome.usage.last), try #require(outcome.fresh))
            #expect(last.openFiles <= fresh.openFiles + 2 && last.threads <= fresh.threads + 2)
        }
    }
}
