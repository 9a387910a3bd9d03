/// A binary log file as its server lists it.
package struct ListedFile: Sendable {
    package let file: BinlogFile
    /// In bytes.
    package let size: UInt64
    /// Bytes of `size` that positions do not count: what MySQL writes before an encrypted log.
    package let header: UInt64

    package init(file: BinlogFile, size: UInt64, header: UInt64 = 0) {
        self.file = file
        self.size = size
        self.header = header
    }
}

/// The binary log files that a source still holds, with their sizes, as listed by SHOW BINARY LOGS.
///
/// It turns two coordinates in different files into a number of bytes. Look-ups are logarithmic in the number of files.
package struct BinlogIndex: Sendable {
    private struct Entry {
        let file: BinlogFile
        /// Which base name, counted in order of appearance: files written before log_bin was renamed come first.
        let generation: Int
        /// Up to where its positions go.
        var size: UInt64
        /// Bytes of the file that positions do not count.
        let header: UInt64
    }

    /// Ordered by generation, then number.
    private var entries: [Entry] = []
    /// `starts[i]` is the sum of the sizes before entry i; the last one is the total.
    private var starts: [UInt64] = [0]
    private var generations: [String: Int] = [:]

    /// `entries` in any order, provided that an older base name comes before a newer one. Sizes in bytes. A file listed
    /// twice counts once, with the larger size: binary logs only grow.
    package init(entries listed: some Sequence<(file: BinlogFile, size: UInt64)>) {
        self.init(listed: listed.lazy.map { ListedFile(file: $0.file, size: $0.size) })
    }

    package init(listed: some Sequence<ListedFile>) {
        for listed in listed {
            let generation = generations[listed.file.base] ?? generations.count
            generations[listed.file.base] = generation
            let header = min(listed.header, listed.size)
            entries.append(
                Entry(file: listed.file, generation: generation, size: listed.size - header, header: header))
        }
        entries.sort { ($0.generation, $0.file.number, $0.size) < ($1.generation, $1.file.number, $1.size) }
        entries = entries.reduce(into: []) { kept, entry in
            if kept.last?.file == entry.file { kept.removeLast() }
            kept.append(entry)
        }
        for entry in entries {
            starts.append((starts.last ?? 0).addingSaturated(entry.size))
        }
    }

    /// The number of files.
    package var count: Int { entries.count }

    /// The size of all files together, in bytes.
    package var totalBytes: UInt64 { entries.reduce(starts.last ?? 0) { $0.addingSaturated($1.header) } }

    package var oldest: BinlogFile? { entries.first?.file }

    package var newest: BinlogFile? { entries.last?.file }

    package func contains(_ file: BinlogFile) -> Bool {
        index(of: file) != nil
    }

    /// The size of a file, in the coordinates of its events; nil if it is not held.
    package func size(of file: BinlogFile) -> UInt64? { index(of: file).map { entries[$0].size } }

    /// The bytes of binary log from one coordinate to another, across files.
    ///
    /// - Returns: 0 if `from` is past `to`: the two were read at slightly different times, and being ahead is not lag.
    ///   Nil if it cannot be known: the base names differ, or one of the files, or one between them, is not in the
    ///   index. Two coordinates in the same file need no index.
    package func bytes(from: BinlogCoordinate, to: BinlogCoordinate) -> UInt64? {
        guard from.file.base == to.file.base else { return nil }
        guard from.file.number <= to.file.number else { return 0 }
        if from.file.number == to.file.number {
            return to.position > from.position ? to.position - from.position : 0
        }
        guard let first = index(of: from.file), let last = index(of: to.file),
            UInt64(last - first) == to.file.number - from.file.number
        else { return nil }
        // A position past the recorded end leaves nothing to read in that file; it must not go negative.
        let size = entries[first].size
        let remaining = size > from.position ? size - from.position : 0
        let between = starts[last] - starts[first + 1]
        return remaining.addingSaturated(between).addingSaturated(to.position)
    }

    /// The bytes that the source holds before `coordinate`: how much it can purge before a replica at that coordinate
    /// loses binary log it still needs. 0 at the very start of the oldest file; nil if the coordinate's file is not, or
    /// no longer, held.
    package func bytesHeld(before coordinate: BinlogCoordinate) -> UInt64? {
        guard let index = index(of: coordinate.file) else { return nil }
        // The newest file may have grown since it was listed; a closed one ends at its listed size.
        let isNewest = index == entries.count - 1
        let within = isNewest ? coordinate.position : min(coordinate.position, entries[index].size)
        return starts[index].addingSaturated(within)
    }

    private func index(of file: BinlogFile) -> Int? {
        guard let generation = generations[file.base] else { return nil }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            let entry = entries[middle]
            if (entry.generation, entry.file.number) < (generation, file.number) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < entries.count && entries[low].file == file ? low : nil
    }
}
