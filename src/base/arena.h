/* Memory that is freed all at once, under a limit. */
#ifndef CALO_BASE_ARENA_H
#define CALO_BASE_ARENA_H

#include <calotype/status.h>

typedef struct calo_arena_block calo_arena_block;
typedef struct calo_arena_adopted calo_arena_adopted;

/* One thread at a time. All-zero is an empty arena without a limit. */
typedef struct calo_arena {
    calo_arena_block *blocks;
    calo_arena_adopted *adopted;
    uint64_t used_bytes, max_bytes; /* max 0: no limit */
} calo_arena;

void calo_arena_init(calo_arena *arena, uint64_t max_bytes);
void calo_arena_finish(calo_arena *arena);

/* Zeroed memory for count items of item_bytes each, aligned to 64; count 0 gives a valid pointer.
 * NULL with `err` filled (limit or memory) when it cannot be had; `what` names it in the sentence. */
void *calo_arena_take(calo_arena *arena, uint64_t count, size_t item_bytes, const char *what, calo_error *err);

/* Copies `length` bytes of text and a NUL. */
char *calo_arena_text(calo_arena *arena, const char *text, size_t length, calo_error *err);

/* Counts bytes that are taken elsewhere against the limit, or takes them off again. */
calo_status calo_arena_reserve(calo_arena *arena, uint64_t bytes, const char *what, calo_error *err);
void calo_arena_release(calo_arena *arena, uint64_t bytes);

/* malloc'ed `memory`, reserved before, from now on belongs to the arena; after a failure still to the caller. */
calo_status calo_arena_adopt(calo_arena *arena, void *memory, calo_error *err);

/* The same for a mapping of that many bytes, unmapped with the arena. */
calo_status calo_arena_adopt_mapping(calo_arena *arena, void *mapping, size_t bytes, calo_error *err);

#define CALO_ARENA_TAKE(arena, type, count, what, err) \
    ((type *)calo_arena_take((arena), (count), sizeof(type), (what), (err)))

#endif
