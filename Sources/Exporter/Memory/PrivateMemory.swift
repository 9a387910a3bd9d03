import CMemory

/// Keeps passwords where they are.
enum PrivateMemory {
    /// No core dump, and nobody who runs as the same user looks into this process: by a debugger, or in /proc. Only root may.
    /// (prctl(2), PR_SET_DUMPABLE; ptrace(2), "Ptrace access mode checking".)
    static func apply() {
        set_dumpable(0)
    }

    /// As the program begins. A debug build stays open to debuggers, and to tests that count what it holds.
    static func applyToRelease() {
        #if !DEBUG
            apply()
        #endif
    }
}
