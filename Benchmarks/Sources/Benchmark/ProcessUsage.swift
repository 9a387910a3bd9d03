import Glibc

/// The resources used by a running process.
struct ProcessUsage {
    let pid: pid_t

    /// User and system time of all its threads, including those that have ended. Seconds, with nanosecond resolution
    /// (clock_getcpuclockid(3)): /proc/PID/stat counts in hundredths, more than a small scrape takes.
    func cpuSeconds() throws(BenchmarkError) -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw .failed("process \(pid) has ended")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// `VmRSS` of /proc/PID/status (proc(5)), bytes.
    func residentBytes() throws(BenchmarkError) -> Int {
        guard let file = fopen("/proc/\(pid)/status", "r") else { throw .failed("process \(pid) has ended") }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace)
            if words.first == "VmRSS:", words.count > 1, let kibibytes = Int(words[1]) { return kibibytes * 1024 }
        }
        throw .failed("/proc/\(pid)/status has no VmRSS")
    }
}
