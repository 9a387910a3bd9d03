import Glibc

enum BenchmarkError: Error, CustomStringConvertible {
    case failed(String)

    /// With the system's own error text.
    static func system(_ doing: String) -> BenchmarkError {
        .failed("cannot \(doing): \(String(cString: strerror(errno)))")
    }
    static func answer(_ what: String) -> BenchmarkError { .failed(what) }

    var description: String {
        switch self {
        case .failed(let what): what
        }
    }
}
