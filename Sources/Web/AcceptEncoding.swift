/// What an Accept-Encoding field says about gzip, according to RFC 9110.
struct AcceptEncoding {
    /// Whether gzip is acceptable, and preferred no less than the plain body.
    let allowsGzip: Bool

    init(_ header: String?) {
        var weights: [Substring: Double] = [:]
        for element in (header ?? "").lowercased().split(separator: ",") {
            let parts = element.split(separator: ";").map(\.trimmed)
            guard let coding = parts.first else { continue }
            var weight = 1.0
            for part in parts.dropFirst() where part.hasPrefix("q=") {
                // An invalid weight is not a permission.
                weight = Double(part.dropFirst(2)).map { (0...1).contains($0) ? $0 : 0 } ?? 0
            }
            weights[coding == "x-gzip" ? "gzip" : coding] = weight
        }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        allowsGzip = gzip > 0 && gzip >= weights["identity"] ?? 0
    }
}
