import Glibc
import Metrics

extension ExporterStatistics.Process {
    /// Reads `/proc/self` (proc(5)); what cannot be read stays nil.
    static func current() -> ExporterStatistics.Process {
        var process = ExporterStatistics.Process()
        if let stat = ProcFile.read("/proc/self/stat") { process.read(stat: stat) }
        process.openFiles = ProcFile.count("/proc/self/fd")
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            process.maxFiles = UInt64(limit.rlim_cur)
        }
        return process
    }

    private mutating func read(stat: String) {
        // The second field, the program's name in parentheses, may contain anything: count from its end.
        guard let end = stat.lastIndex(of: ")") else { return }
        let fields = stat[end...].split(separator: " ").dropFirst()
        func field(_ number: Int) -> UInt64? {
            let index = fields.startIndex + number - 3
            return fields.indices.contains(index) ? UInt64(fields[index]) : nil
        }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let user = field(14), let system = field(15) { cpuSeconds = Double(user + system) / ticks }
        threads = field(20).map(Int.init)
        if let start = field(22), let boot = Self.bootTime { startTime = boot + Double(start) / ticks }
        virtualBytes = field(23)
        residentBytes = field(24).map { $0 * UInt64(sysconf(Int32(_SC_PAGESIZE))) }
    }

    /// When the machine was started, epoch seconds.
    private static let bootTime: Double? = {
        guard let stat = ProcFile.read("/proc/stat") else { return nil }
        for line in stat.split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst("btime ".count))
        }
        return nil
    }()
}

private enum ProcFile {
    /// The start of a small file.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return String(unsafeUninitializedCapacity: 16 * 1024) { buffer in
            max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
    }

    /// The number of entries of a directory, without `.`, `..` and the descriptor that reads it.
    static func count(_ path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 3)
    }
}
