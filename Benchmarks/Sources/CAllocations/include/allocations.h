#pragma once

struct allocation_counts {
    unsigned long long calls, bytes;
};

/* Of this process, since it began. */
struct allocation_counts allocations_so_far(void);

/* Of another process that runs with ALLOCATIONS=path; nothing where there is no such file. */
struct allocation_counts allocations_in(const char *path);
