import CMemory

/// How glibc's malloc is to go about large blocks.
enum MallocSettings {
    static func apply() {
        // What is as large as a page of metrics is taken from the system by itself, and given back with its end. glibc
        // begins like that too, but from the first such block that is freed it learns to keep all of that size: with a
        // thousand nodes that left 17 MB lying between scrapes. (mallopt(3), M_MMAP_THRESHOLD.)
        mallopt(M_MMAP_THRESHOLD, 256 * 1024)
    }
}
