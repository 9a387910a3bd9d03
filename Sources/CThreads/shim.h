#include <pthread.h>

/* Linux, pthread_setname_np(3): glibc declares it with _GNU_SOURCE only, which Swift's importer does not set. */
int pthread_setname_np(pthread_t thread, const char *name);
