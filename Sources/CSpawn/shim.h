#include <spawn.h>
#include <unistd.h>

/* Linux, pipe(2), and glibc 2.29 and 2.34, posix_spawn(3): declared with _GNU_SOURCE only, which Swift's importer does not set. */
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
