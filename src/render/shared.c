#include "render/shared.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- what a scene holds ---- */

uint32_t calo_shared_list_let_go(calo_shared_list *list)
{
    uint32_t last_holder_of = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (atomic_fetch_sub(&list->things[i]->holders, 1) == 1)
            list->things[last_holder_of++] = list->things[i];
    list->count = last_holder_of;
    return last_holder_of;
}

void calo_shared_list_free(calo_shared_list *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        calo_arena_finish(&list->things[i]->arena);
        free(list->things[i]);
    }
    free(list->things);
    *list = (calo_shared_list){0};
}

static calo_status hold(calo_shared_list *list, calo_shared *thing, calo_error *err)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? 2 * list->capacity : 16;
        calo_shared **things = realloc(list->things, capacity * sizeof *things);
        if (!things)
            return calo_fail_memory(err, "what scenes share", capacity * sizeof *things);
        list->things = things;
        list->capacity = capacity;
    }
    list->things[list->count++] = thing;
    return CALO_OK;
}

/* ---- finding ---- */

typedef struct calo_shared_slot {
    calo_shared *thing; /* NULL: free */
    uint32_t hash;
    bool held;
} slot;

enum { LEAST_SLOTS = 64 };

static uint32_t hash_key(const calo_shared_key *key)
{
    uint64_t words[sizeof *key / 8], hash = 0;
    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < sizeof words / 8; i++) {
        hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

/* The slot of that key, or the free one where it belongs. */
static slot *find_slot(const calo_sharing *sharing, const calo_shared_key *key, uint32_t hash)
{
    slot *slots = sharing->slots;
    uint32_t last = sharing->slot_count - 1, at = hash & last;
    while (slots[at].thing && (slots[at].hash != hash || memcmp(&slots[at].thing->key, key, sizeof *key) != 0))
        at = (at + 1) & last;
    return &slots[at];
}

/* Of a key that is not there yet. */
static void insert(calo_sharing *sharing, calo_shared *thing, bool held)
{
    uint32_t last = sharing->slot_count - 1, at = thing->hash & last;
    while (sharing->slots[at].thing)
        at = (at + 1) & last;
    sharing->slots[at] = (slot){thing, thing->hash, held};
}

/* At most half of the slots are used; their number is a power of two. */
static calo_status reserve_slots(calo_sharing *sharing, uint64_t things, calo_error *err)
{
    uint64_t count = sharing->slot_count ? sharing->slot_count : LEAST_SLOTS;
    while (count < 2 * things)
        count *= 2;
    if (count == sharing->slot_count)
        return CALO_OK;
    slot *before = sharing->slots, *slots = calloc(count, sizeof *slots);
    uint32_t before_count = sharing->slot_count;
    if (!slots)
        return calo_fail_memory(err, "what scenes share", count * sizeof *slots);
    sharing->slots = slots;
    sharing->slot_count = (uint32_t)count;
    for (uint32_t i = 0; i < before_count; i++)
        if (before[i].thing)
            insert(sharing, before[i].thing, before[i].held);
    free(before);
    return CALO_OK;
}

calo_status calo_sharing_begin(calo_sharing *sharing, const calo_shared_list *reused, calo_shared_list *held,
                               calo_arena *arena, calo_error *err)
{
    *sharing = (calo_sharing){.held = held, .arena = arena};
    uint32_t count = reused ? reused->count : 0;
    calo_status status = reserve_slots(sharing, count, err);
    for (uint32_t i = 0; status == CALO_OK && i < count; i++)
        if (!reused->things[i]->key.own)
            insert(sharing, reused->things[i], false);
    sharing->used = count;
    return status;
}

void calo_sharing_finish(calo_sharing *sharing)
{
    free(sharing->slots);
    sharing->slots = NULL;
}

static calo_shared *make(calo_sharing *sharing, const calo_shared_key *key, uint32_t hash, size_t bytes,
                         calo_error *err)
{
    calo_shared *thing = NULL;
    calo_status status = key->own ? CALO_OK : reserve_slots(sharing, sharing->used + 1ull, err);
    if (status == CALO_OK && !(thing = calloc(1, bytes)))
        status = calo_fail_memory(err, "what scenes share", bytes);
    if (status == CALO_OK)
        status = hold(sharing->held, thing, err);
    if (status != CALO_OK) {
        free(thing);
        return NULL;
    }
    thing->key = *key;
    thing->hash = hash;
    atomic_init(&thing->holders, 1);
    calo_arena_init(&thing->arena, sharing->arena->max_bytes);
    thing->bytes = thing->arena.used_bytes = sharing->arena->used_bytes;
    if (!key->own) {
        insert(sharing, thing, true);
        sharing->used++;
    }
    return thing;
}

void *calo_sharing_take(calo_sharing *sharing, const calo_shared_key *key, size_t bytes, bool *made, calo_error *err)
{
    uint32_t hash = hash_key(key);
    slot *found = key->own ? NULL : find_slot(sharing, key, hash);
    *made = !found || !found->thing;
    if (*made)
        return make(sharing, key, hash, bytes, err);
    if (found->held)
        return found->thing;
    if (calo_arena_reserve(sharing->arena, found->thing->bytes, "what is shared with another scene", err) != CALO_OK ||
        hold(sharing->held, found->thing, err) != CALO_OK)
        return NULL;
    atomic_fetch_add(&found->thing->holders, 1);
    found->held = true;
    return found->thing;
}

calo_status calo_sharing_count(calo_sharing *sharing, calo_shared *thing, calo_error *err)
{
    thing->bytes = thing->arena.used_bytes - thing->bytes;
    return calo_arena_reserve(sharing->arena, thing->bytes, "what scenes share", err);
}
