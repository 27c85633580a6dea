#include "base/large.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE_BYTES = 2 << 20, KEPT_BYTES = 512 << 20, STEP_BYTES = 16 << 20 };

void *calo_large_alloc(size_t bytes)
{
    size_t alignment = bytes < HUGE_PAGE_BYTES ? ALIGNMENT : HUGE_PAGE_BYTES;
    if (bytes > SIZE_MAX - alignment)
        return NULL;
    void *memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
#ifdef MADV_HUGEPAGE
    /* For whole pages only, so that no more memory is used; refused advice changes nothing. */
    if (memory && bytes >= HUGE_PAGE_BYTES)
        madvise(memory, bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE);
#endif
    return memory;
}

void *calo_large_calloc(size_t bytes)
{
    if (bytes < HUGE_PAGE_BYTES)
        return calloc(1, bytes);
    void *memory = calo_large_alloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void calo_large_keep(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_MAX, 0); /* a mapping of its own would go with the array */
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_TOP_PAD, STEP_BYTES);
    mallopt(M_ARENA_MAX, 1); /* what one thread freed is there for the others; their own arenas are given back anyway */
#endif
}

void calo_large_settle(uint64_t most_bytes)
{
#ifdef __GLIBC__
    /* The threshold alone would not do: one small piece behind it holds all that is free before it. */
    if (mallinfo2().fordblks > (most_bytes < KEPT_BYTES ? most_bytes : KEPT_BYTES))
        malloc_trim(STEP_BYTES);
#else
    (void)most_bytes;
#endif
}
