import CMemory

/// Keeps the passwords in memory private.
enum PrivateMemory {
    /// Disables core dumps, and prevents other processes of the same user from reading this one's memory with a debugger or
    /// through /proc; root still can.
    /// (prctl(2), PR_SET_DUMPABLE; ptrace(2), "Ptrace access mode checking".)
    static func apply() {
        set_dumpable(0)
    }

    /// Called when the program starts. A debug build stays open to debuggers, and to tests that measure its memory.
    static func applyToRelease() {
        #if !DEBUG
            apply()
        #endif
    }
}
