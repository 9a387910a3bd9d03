/* What the program was built from. */
#ifndef BUILD_H
#define BUILD_H

/* The commit, abbreviated; "-modified" follows where files had been changed. "unknown" outside a repository. */
const char *build_revision(void);

#endif
