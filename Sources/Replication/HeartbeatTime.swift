/// The time of a heartbeat as pt-heartbeat writes it: `2026-11-21T01:37:37.000650`; in the old layout a DATETIME.
package enum HeartbeatTime {
    /// Microseconds since 1970, read as if it were UTC. Nil if `text` is not a time.
    package static func microseconds(_ text: String) -> Int64? {
        let digits = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= digits.count else { return nil }
            var value: Int64 = 0
            for digit in digits[range] {
                guard (0x30...0x39).contains(digit) else { return nil }
                value = value * 10 + Int64(digit - 0x30)
            }
            return value
        }
        guard digits.count >= 19, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            digits[4] == UInt8(ascii: "-"), digits[7] == UInt8(ascii: "-"), digits[13] == UInt8(ascii: ":"),
            digits[16] == UInt8(ascii: ":"), digits[10] == UInt8(ascii: "T") || digits[10] == UInt8(ascii: " "),
            year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if digits.count > 19 {
            guard digits[19] == UInt8(ascii: "."), (21...26).contains(digits.count),
                let part = number(20..<digits.count)
            else { return nil }
            fraction = (digits.count..<26).reduce(part) { value, _ in value * 10 }
        }
        let seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
        return seconds * 1_000_000 + fraction
    }

    /// `microseconds` since 1970 as text, in UTC.
    package static func text(_ microseconds: Int64) -> String {
        let (days, time) = (microseconds / 86_400_000_000, microseconds % 86_400_000_000)
        let (year, month, day) = date(days)
        let seconds = time / 1_000_000
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(seconds / 3600, 2)):"
            + "\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(padded(time % 1_000_000, 6))"
    }

    // The civil calendar in days, by eras of 400 years beginning on 1 March (Howard Hinnant, "chrono-Compatible Low-Level
    // Date Algorithms").

    /// Days from 1 January 1970 to a date of the civil calendar.
    package static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = days + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + days / 146_097 * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
