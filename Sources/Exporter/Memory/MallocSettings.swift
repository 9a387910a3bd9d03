import CMemory

/// How glibc's malloc handles large blocks.
enum MallocSettings {
    static func apply() {
        // Blocks as large as a page of metrics are mapped separately and unmapped when freed. By default glibc starts that way
        // too, but when the first such block is freed it raises the threshold and keeps blocks of that size: with a thousand
        // nodes, that left 17 MB unused between scrapes. (mallopt(3), M_MMAP_THRESHOLD.)
        mallopt(M_MMAP_THRESHOLD, 256 * 1024)
    }
}
