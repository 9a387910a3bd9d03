internal import CSpawn

/// In a file of its own: in one that uses `pid_t` in its interface, CSpawn would be taken for its home.
func closeAllButStandardStreams(_ actions: inout posix_spawn_file_actions_t) {
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
}
