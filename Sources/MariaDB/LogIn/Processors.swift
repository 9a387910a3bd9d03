internal import Glibc

/// How many processors this process may use.
enum Processors {
    /// At least one: those it may run on (proc(5), `Cpus_allowed`), or its control group's share if that is less (cgroup v2,
    /// `cpu.max`).
    static let available: Int = {
        let here =
            lines(of: "/proc/self/status").lazy.compactMap(allowed).first ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let share = lines(of: "/sys/fs/cgroup/cpu.max").first.flatMap(quota)
        return max(1, min(here, share ?? here))
    }()

    /// The number of processors in the mask of a line `Cpus_allowed:	ff,ffffffff`; nil for other lines.
    static func allowed(_ line: String) -> Int? {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == "Cpus_allowed:" else { return nil }
        let count = words[1].reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return count > 0 ? count : nil
    }

    /// Whole processors, rounded up, of a `cpu.max` line (quota and period in microseconds); nil where there is no limit.
    static func quota(_ line: String) -> Int? {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let share = Int(words[0]), let period = Int(words[1]), share > 0, period > 0 else {
            return nil
        }
        return share / period + (share % period == 0 ? 0 : 1)
    }

    private static func lines(of path: String) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var lines: [String] = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            if let line { lines.append(String(cString: line)) }
        }
        return lines
    }
}
