#include "build.h"

/* Defined by Package.swift. A function, so that no other module is compiled again for each commit. */
#ifndef BUILD_REVISION
#define BUILD_REVISION "unknown"
#endif

const char *build_revision(void) { return BUILD_REVISION; }
