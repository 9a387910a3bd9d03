import CMemory
import Glibc

/// The code of the program and of its libraries, as it lies in memory.
enum ProgramText {
    /// Forgets which pages of it are there: those that are needed again come back from the page cache at their first use,
    /// sixteen at a time. Of the 20 MB that starting leaves in memory (reading options and configuration, making types
    /// known to the runtime, the first connections), a scrape uses a third.
    static func release() {
        _ = dl_iterate_phdr(
            { object, _, _ in
                guard let object = object?.pointee, let headers = object.headers else { return 0 }
                for header in UnsafeBufferPointer(start: headers, count: Int(object.header_count)) {
                    // What may be written to, relocations among it, exists nowhere else.
                    guard header.p_type == UInt32(PT_LOAD), header.p_flags & UInt32(PF_W) == 0 else { continue }
                    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
                    let start = (UInt(object.address) + UInt(header.p_vaddr) + page - 1) & ~(page - 1)
                    let end = (UInt(object.address) + UInt(header.p_vaddr + header.p_filesz)) & ~(page - 1)
                    guard end > start, let address = UnsafeMutableRawPointer(bitPattern: start) else { continue }
                    _ = madvise(address, Int(end - start), MADV_DONTNEED)
                }
                return 0
            }, nil)
    }
}
