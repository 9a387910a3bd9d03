#pragma once

struct allocation_counts {
    unsigned long long calls, bytes;
};

/* Of this process, since its start. */
struct allocation_counts allocations_so_far(void);

/* Of another process that runs with ALLOCATIONS=path; zero if there is no such file. */
struct allocation_counts allocations_in(const char *path);
