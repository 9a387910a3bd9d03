import Replication

/// Amounts for people.
package enum Amount {
    /// `1 node`, `2 nodes`: for nouns that take an s.
    package static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// `1 234 567`: digits in groups of three, with no-break spaces.
    package static func grouped(_ number: UInt64) -> String {
        var text = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append("\u{A0}") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    package static func seconds(_ value: Double) -> String {
        let whole = Int64(saturating: min(value, 1e12).rounded(.down))
        return switch value {
        case ..<10: "\((value * 10).rounded() / 10) s".replacingZeroFraction
        case ..<120: "\(whole) s"
        case ..<7200: "\(whole / 60) min"
        case ..<172_800: "\(whole / 3600) h"
        default: "\(whole / 86_400) d"
        }
    }

    /// Powers of ten, as `--max-bytes` and the configuration read them.
    package static func bytes(_ value: UInt64) -> String {
        var amount = Double(value)
        for unit in ["B", "kB", "MB", "GB"] {
            if amount < 1000 { return "\((amount * 10).rounded() / 10) \(unit)".replacingZeroFraction }
            amount /= 1000
        }
        return "\((amount * 10).rounded() / 10) TB".replacingZeroFraction
    }
}

extension String {
    fileprivate var replacingZeroFraction: String {
        guard let point = firstIndex(of: "."), self[point...].hasPrefix(".0 ") else { return self }
        return String(self[..<point] + self[point...].dropFirst(2))
    }
}
