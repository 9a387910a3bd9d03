#include <elf.h>
#include <malloc.h>
#include <stddef.h>

/* dl_iterate_phdr(3). <link.h> declares it for GNU programs only, and to be one here would give other types of the system a
   shape that Swift's own view of it does not have. */
struct loaded_object {
    Elf64_Addr address;
    const char *name;
    const Elf64_Phdr *headers;
    Elf64_Half header_count;
};

int dl_iterate_phdr(int (*callback)(struct loaded_object *object, size_t size, void *data), void *data);

#include <sys/prctl.h>

/* prctl(2) takes what it takes by "...", which Swift does not call. */
static inline int set_dumpable(int is_dumpable) { return prctl(PR_SET_DUMPABLE, is_dumpable, 0, 0, 0); }
static inline int get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }
