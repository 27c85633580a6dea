/* What prepared scenes have in common: things that are made once and held by all scenes that need them, each with
 * memory of its own, so that they end in any order. Scenes hold things, never one another.
 *
 * A thing is found by its key: what it was made of, and all else that it depends on. It points into nothing but its own
 * memory. */
#ifndef CALO_RENDER_SHARED_H
#define CALO_RENDER_SHARED_H

#include <calotype/status.h>
#include <stdatomic.h>

#include "base/arena.h"

typedef enum calo_shared_kind {
    CALO_SHARED_SHAPE,    /* draw_list.h */
    CALO_SHARED_GEOMETRY, /* a backend's form of vertices and elements */
    CALO_SHARED_TEXTURE,  /* a backend's form of a mip chain */
    CALO_SHARED_LIGHT,    /* a backend's form of an environment's maps */
    CALO_SHARED_BLOCKS,   /* the cpu backend's draws by element id */
    CALO_SHARED_CODES,    /* the cpu backend's table of sRGB codes */
    CALO_SHARED_SHADOW_MEMORY, /* the cpu backend's: what shadow maps are drawn with */
} calo_shared_kind;

/* Compared byte by byte: there is no padding. */
typedef struct calo_shared_key {
    uint64_t identity;          /* what it was made of, by the number that a scene gives it, */
    const void *owner, *source; /* or, where that is 0, by its address and that of the scene that has it */
    uint32_t kind;
    uint32_t own; /* 1: for one scene only, nobody finds it */
    uint32_t parameters[8];
} calo_shared_key;

/* A thing begins with this. Immutable once it is made, but for `holders`. */
typedef struct calo_shared {
    calo_shared_key key;
    uint32_t hash; /* of the key */
    atomic_uint holders;
    calo_arena arena;
    uint64_t bytes; /* how much of each holder's limit it takes; until that is known, what of the limit was used before */
} calo_shared;

/* What a scene holds. */
typedef struct calo_shared_list {
    calo_shared **things;
    uint32_t count, capacity;
} calo_shared_list;

/* Lets everything go. Things that nobody else holds come to stand at the front and are the caller's, to be given to
 * calo_shared_list_free; returns how many they are. */
uint32_t calo_shared_list_let_go(calo_shared_list *list);
/* Frees the first `count` things, and the list. */
void calo_shared_list_free(calo_shared_list *list, uint32_t count);

/* While a scene is prepared: the things that it may share, and those that it holds. One thread at a time. */
typedef struct calo_sharing {
    calo_shared_list *held;
    calo_arena *arena; /* the scene's: its limit holds for what it shares, too */
    struct calo_shared_slot *slots;
    uint32_t slot_count, used;
} calo_sharing;

/* `reused`: another scene's things, or NULL. `held` is empty. */
calo_status calo_sharing_begin(calo_sharing *sharing, const calo_shared_list *reused, calo_shared_list *held,
                               calo_arena *arena, calo_error *err);
void calo_sharing_finish(calo_sharing *sharing);

/* The thing of that key, from now on held by the scene; NULL with `err` filled when memory ends. `made`: there was none,
 * and it is zeroed but for its head, `bytes` in all; its maker fills it, with memory from its arena, and calls
 * calo_sharing_count. After a failure of his the scene is not finished either. */
void *calo_sharing_take(calo_sharing *sharing, const calo_shared_key *key, size_t bytes, bool *made, calo_error *err);
/* Takes what the thing's arena gave, or reserved, off the scene's limit. */
calo_status calo_sharing_count(calo_sharing *sharing, calo_shared *thing, calo_error *err);

#endif
