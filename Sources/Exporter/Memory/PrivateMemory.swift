import CMemory

/// Keeps passwords where they are.
enum PrivateMemory {
    /// Leaves no core dump, and keeps other processes of the same user from reading this one's memory, with a debugger or through
    /// /proc; root still can.
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
