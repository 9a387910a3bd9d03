import CMalloc

/// Memory for what is as large as a page of metrics.
enum LargeBlocks {
    /// Has each of them taken from the system by itself, and given back with its end (mallopt(3), M_MMAP_THRESHOLD).
    ///
    /// glibc begins like that too, but from the first such block that is freed it learns to keep all of that size for
    /// itself: with a thousand nodes that left 17 MB lying between scrapes.
    static func areGivenBack() {
        mallopt(M_MMAP_THRESHOLD, 256 * 1024)
    }
}
