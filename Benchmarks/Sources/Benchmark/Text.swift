import Foundation

/// Formats numbers for display.
enum Text {
    static func fixed(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

    /// With at least two significant digits.
    static func milliseconds(_ seconds: Double) -> String {
        let milliseconds = seconds * 1000
        return fixed(milliseconds, milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0)
    }

    static func mebibytes(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }

    static func grouped(_ number: Int) -> String {
        let digits = String(number)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")" }
}

/// Rows under a heading, as Markdown that also reads well in a terminal.
struct TextTable {
    let heading: [String]
    var rows: [[String]]

    var text: String {
        let all = [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            "| " + zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
                + " |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
        return ([line(heading), rule] + rows.map(line)).joined(separator: "\n")
    }
}
