#include <malloc.h>
#include <sys/prctl.h>

/* prctl(2) takes what it takes by "...", which Swift does not call. */
static inline int set_dumpable(int is_dumpable) { return prctl(PR_SET_DUMPABLE, is_dumpable, 0, 0, 0); }
static inline int get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }
