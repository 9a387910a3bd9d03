/// The candidate that the user probably meant, if one is similar enough to be worth suggesting.
package func suggestion(for text: String, among candidates: some Sequence<String>) -> String? {
    let word = Array(comparable(text))
    // A longer text is not a misspelled key or name, and the edit distance is quadratic.
    guard !word.isEmpty, word.count <= 64 else { return nil }
    let allowed = word.count <= 2 ? 1 : word.count / 3 + 1
    var best: (distance: Int, candidate: String)?
    for candidate in candidates where candidate != text && candidate.utf8.count <= 128 {
        let distance = editDistance(word, Array(comparable(candidate)))
        if distance <= allowed, distance < candidate.count, distance < best?.distance ?? .max {
            best = (distance, candidate)
        }
    }
    return best?.candidate
}

/// Treats `Password-File` and `password_file` as the same word.
private func comparable(_ text: String) -> String {
    String(text.lowercased().map { $0 == "-" ? "_" : $0 })
}

/// The number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 0..<left.count {
        var current = [i + 1]
        for j in 0..<right.count {
            let replaced = last[j] + (left[i] == right[j] ? 0 : 1)
            var cost = min(replaced, last[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                cost = min(cost, beforeLast[j - 1] + 1)
            }
            current.append(cost)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
