import CMemory
import Glibc

/// The code of the program and of its libraries, as it lies in memory.
enum ProgramText {
    /// Forgets which pages of it are there: those that are needed again come back from the page cache at their first use,
    /// sixteen at a time. Of the 20 MB that starting leaves in memory (reading options and configuration, making types
    /// known to the runtime, the first connections), a scrape uses a third.
    static func release() {
        var unchanged = unchangedMappings()
        // Holds the loader's lock: what is looked at stays where it is.
        _ = withUnsafeMutablePointer(to: &unchanged) { unchanged in
            dl_iterate_phdr(
                { object, _, unchanged in
                    guard let object = object?.pointee, let headers = object.headers,
                        let unchanged = unchanged?.assumingMemoryBound(to: [Range<UInt>].self).pointee
                    else { return 0 }
                    for header in UnsafeBufferPointer(start: headers, count: Int(object.header_count)) {
                        guard header.p_type == UInt32(PT_LOAD), header.p_flags & UInt32(PF_W) == 0 else { continue }
                        let start = UInt(object.address) + UInt(header.p_vaddr)
                        ProgramText.release(start..<start + UInt(header.p_filesz), of: unchanged)
                    }
                    return 0
                }, unchanged)
        }
    }

    private static func release(_ segment: Range<UInt>, of unchanged: [Range<UInt>]) {
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        // Whole pages: at its ends there may be something of a neighbour.
        let start = (segment.lowerBound + page - 1) & ~(page - 1)
        let end = segment.upperBound & ~(page - 1)
        guard start < end, unchanged.contains(where: { $0.lowerBound <= start && end <= $0.upperBound }),
            let address = UnsafeMutableRawPointer(bitPattern: start)
        else { return }
        _ = madvise(address, Int(end - start), MADV_DONTNEED)
    }

    /// Where files are mapped of which no page is another than in the file (proc_pid_smaps(5)). Code that was relocated, or
    /// that has a debugger's break point in it, exists nowhere else.
    private static func unchangedMappings() -> [Range<UInt>] {
        guard let file = fopen("/proc/self/smaps", "re") else { return [] }
        defer { fclose(file) }
        var ranges: [Range<UInt>] = []
        var current: Range<UInt>?
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let words = text.split(whereSeparator: \.isWhitespace)
            if let range = words.first.flatMap(addresses) {
                // Those without a path are no file's.
                current = words.count > 5 ? range : nil
            } else if words.first == "Anonymous:", words.dropFirst().first == "0", let current {
                ranges.append(current)
            }
        }
        return ranges
    }

    /// Reads `55d0c0a00000-55d0c0a21000`.
    private static func addresses(_ word: Substring) -> Range<UInt>? {
        let ends = word.split(separator: "-").map { UInt($0, radix: 16) }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
        return start..<end
    }
}
