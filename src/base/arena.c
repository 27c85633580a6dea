#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/large.h"

/* Blocks grow: most arenas stay small, and there may be many of them. */
enum { ALIGNMENT = 64, FIRST_BLOCK_BYTES = 2 * 1024, BLOCK_BYTES_MAX = 64 * 1024 };

struct calo_arena_block {
    calo_arena_block *next;
    size_t size, used; /* of the memory behind the header */
};

struct calo_arena_adopted {
    calo_arena_adopted *next;
    void *memory;
    size_t mapped_bytes; /* 0: malloc'ed */
};

static const size_t header_bytes = (sizeof(calo_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

void calo_arena_init(calo_arena *arena, uint64_t max_bytes)
{
    *arena = (calo_arena){.max_bytes = max_bytes};
}

void calo_arena_finish(calo_arena *arena)
{
    for (calo_arena_adopted *adopted = arena->adopted; adopted; adopted = adopted->next)
        if (adopted->mapped_bytes > 0)
            munmap(adopted->memory, adopted->mapped_bytes);
        else
            free(adopted->memory);
    for (calo_arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (calo_arena){.max_bytes = arena->max_bytes};
}

/* A block with room for `bytes`; large requests get a block of their own behind the current one. */
static calo_arena_block *block_with_room(calo_arena *arena, size_t bytes)
{
    calo_arena_block *current = arena->blocks;
    if (current && current->size - current->used >= bytes)
        return current;
    size_t next = current ? 2 * current->size : FIRST_BLOCK_BYTES;
    next = next < BLOCK_BYTES_MAX ? next : BLOCK_BYTES_MAX;
    bool own = bytes > next / 4;
    size_t size = own ? bytes : next;
    calo_arena_block *block = calo_large_alloc(header_bytes + size);
    if (!block)
        return NULL;
    *block = (calo_arena_block){.size = size};
    if (own && current) {
        block->next = current->next;
        current->next = block;
    } else {
        block->next = current;
        arena->blocks = block;
    }
    return block;
}

void *calo_arena_take(calo_arena *arena, uint64_t count, size_t item_bytes, const char *what, calo_error *err)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(count, (uint64_t)item_bytes, &bytes) || bytes > SIZE_MAX / 2) {
        calo_fail(err, CALO_ERROR_LIMIT, "%s: %llu items of %zu bytes are more than a machine can hold", what,
                  (unsigned long long)count, item_bytes);
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (calo_arena_reserve(arena, bytes, what, err) != CALO_OK)
        return NULL;
    calo_arena_block *block = block_with_room(arena, (size_t)bytes);
    if (!block) {
        calo_arena_release(arena, bytes);
        calo_fail_memory(err, what, (size_t)bytes);
        return NULL;
    }
    void *memory = (char *)block + header_bytes + block->used;
    block->used += (size_t)bytes;
    return memset(memory, 0, (size_t)bytes);
}

calo_status calo_arena_reserve(calo_arena *arena, uint64_t bytes, const char *what, calo_error *err)
{
    if (arena->max_bytes && bytes > arena->max_bytes - arena->used_bytes)
        return calo_fail(err, CALO_ERROR_LIMIT,
                         "%s needs %llu bytes, which with the %llu in use passes the memory limit of %llu bytes: "
                         "raise it with --max-memory",
                         what, (unsigned long long)bytes, (unsigned long long)arena->used_bytes,
                         (unsigned long long)arena->max_bytes);
    arena->used_bytes += bytes;
    return CALO_OK;
}

void calo_arena_release(calo_arena *arena, uint64_t bytes) { arena->used_bytes -= bytes; }

static calo_status adopt(calo_arena *arena, void *memory, size_t mapped_bytes, calo_error *err)
{
    calo_arena_adopted *adopted = CALO_ARENA_TAKE(arena, calo_arena_adopted, 1, "a record", err);
    if (!adopted)
        return calo_failed(err);
    *adopted = (calo_arena_adopted){arena->adopted, memory, mapped_bytes};
    arena->adopted = adopted;
    return CALO_OK;
}

calo_status calo_arena_adopt(calo_arena *arena, void *memory, calo_error *err)
{
    return adopt(arena, memory, 0, err);
}

calo_status calo_arena_adopt_mapping(calo_arena *arena, void *mapping, size_t bytes, calo_error *err)
{
    return adopt(arena, mapping, bytes, err);
}

char *calo_arena_text(calo_arena *arena, const char *text, size_t length, calo_error *err)
{
    char *copy = calo_arena_take(arena, (uint64_t)length + 1, 1, "a name", err);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}
