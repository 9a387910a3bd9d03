import Foundation

extension Results {
    /// CPU, wall time and memory by the number of nodes, both on logarithmic scales, as SVG.
    var picture: String {
        let panels = [
            Panel(title: "CPU per scrape", unit: "ms") { $0.cpu * 1000 },
            Panel(title: "wall time per scrape", unit: "ms") { $0.wall * 1000 },
            Panel(title: "resident memory", unit: "MiB") { Text.mebibytes($0.resident) },
        ]
        let width = panels.count * Panel.width
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(Panel.height + 30)" font-family="sans-serif" \
            font-size="12">
            <rect width="100%" height="100%" fill="white"/>

            """
        for (index, panel) in panels.enumerated() {
            svg += "<g transform=\"translate(\(index * Panel.width) 0)\">\n\(panel.drawing(of: sizes))</g>\n"
        }
        for (index, contender) in Panel.contenders.enumerated() {
            let x = 50 + index * 220
            svg += """
                <rect x="\(x)" y="\(Panel.height + 8)" width="18" height="4" fill="\(contender.colour)"/>
                <text x="\(x + 24)" y="\(Panel.height + 14)">\(contender.name)</text>

                """
        }
        return svg + "</svg>\n"
    }
}

/// One quantity against the number of nodes.
private struct Panel {
    typealias Contender = (name: String, colour: String, of: (SizeResult) -> Measured)

    static let width = 300
    static let height = 240
    static var contenders: [Contender] {
        [
            ("mysql-replication-exporter", "#0072b2", \.exporter), ("mysqld_exporter", "#d55e00", \.peer),
            ("floor: C, libmariadb", "#999999", \.floor),
        ]
    }

    let title: String
    let unit: String
    let value: (Measured) -> Double

    func drawing(of sizes: [SizeResult]) -> String {
        let values = sizes.flatMap { size in Self.contenders.map { value($0.of(size)) } }.filter { $0 > 0 }
        guard let least = values.min(), let most = values.max(), let first = sizes.first, let last = sizes.last else {
            return ""
        }
        // Whole powers of ten around the values.
        let across = Scale(
            first.nodes == last.nodes ? -1 : log10(Double(first.nodes)), log10(Double(last.nodes)), 50, 280)
        let up = Scale(log10(least).rounded(.down), log10(most).rounded(.up), Double(Self.height) - 35, 35)
        var svg = "<text x=\"50\" y=\"20\" font-weight=\"bold\">\(title), \(unit)</text>\n"
        for power in Int(up.from)...Int(up.to) {
            let y = up.coordinate(Double(power))
            svg += """
                <line x1="50" x2="280" y1="\(y)" y2="\(y)" stroke="#dddddd"/>
                <text x="44" y="\(y + 4)" text-anchor="end">\(Self.label(power))</text>

                """
        }
        for size in sizes {
            svg += """
                <text x="\(across.coordinate(log10(Double(size.nodes))))" y="\(Self.height - 15)" text-anchor="middle">\
                \(Text.grouped(size.nodes))</text>

                """
        }
        for contender in Self.contenders {
            let points = sizes.map { size in
                let x = across.coordinate(log10(Double(size.nodes)))
                let y = up.coordinate(log10(value(contender.of(size))))
                return "\(Text.fixed(x, 1)),\(Text.fixed(y, 1))"
            }
            svg += """
                <polyline points="\(points.joined(separator: " "))" fill="none" stroke="\(contender.colour)" \
                stroke-width="2.5" stroke-linejoin="round"/>

                """
        }
        return svg
    }

    private static func label(_ power: Int) -> String {
        power >= 0 ? Text.grouped(Int(pow(10, Double(power)))) : Text.fixed(pow(10, Double(power)), -power)
    }
}

/// Maps logarithms to coordinates in a picture.
private struct Scale {
    let from: Double
    let to: Double
    private let start: Double
    private let end: Double

    init(_ from: Double, _ to: Double, _ start: Double, _ end: Double) {
        self.from = from
        self.to = to
        self.start = start
        self.end = end
    }

    func coordinate(_ value: Double) -> Double {
        to > from ? start + (value - from) / (to - from) * (end - start) : (start + end) / 2
    }
}
