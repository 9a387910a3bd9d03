import CMemory
import Metrics
import Testing

@testable import Exporter

@Suite("The process's own memory")
struct PrivateMemoryTests {
    @Test("is neither dumped nor readable by others, but still by the process itself")
    func apply() throws {
        let before = get_dumpable()
        defer { set_dumpable(before) }
        PrivateMemory.apply()
        #expect(get_dumpable() == 0)
        let process = ExporterStatistics.Process.current()
        #expect(process.openFiles != nil && process.residentBytes != nil && process.startTime != nil)
    }
}
