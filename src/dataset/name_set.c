#include "dataset/name_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

typedef struct calo_name_key key;

enum { FIRST_CAPACITY = 1024 }; /* a power of two, as all that follow */

static key *find(key *keys, size_t capacity, key wanted)
{
    size_t at = (size_t)wanted.low & (capacity - 1);
    while ((keys[at].low || keys[at].high) && (keys[at].low != wanted.low || keys[at].high != wanted.high))
        at = (at + 1) & (capacity - 1);
    return &keys[at];
}

static calo_status grow(calo_name_set *set, calo_error *err)
{
    size_t capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY;
    key *keys = calloc(capacity, sizeof *keys);
    if (!keys)
        return calo_fail_memory(err, "the names of a list", capacity * sizeof *keys);
    for (size_t i = 0; i < set->capacity; i++)
        if (set->keys[i].low || set->keys[i].high)
            *find(keys, capacity, set->keys[i]) = set->keys[i];
    free(set->keys);
    set->keys = keys;
    set->capacity = capacity;
    return CALO_OK;
}

calo_status calo_name_set_add(calo_name_set *set, const char *name, size_t length, bool *known, calo_error *err)
{
    if (set->count >= set->capacity / 4 * 3) {
        calo_status status = grow(set, err);
        if (status != CALO_OK)
            return status;
    }
    calo_sha256 hash = calo_sha256_of(name, length);
    key wanted;
    memcpy(&wanted, hash.bytes, sizeof wanted);
    key *found = find(set->keys, set->capacity, wanted);
    *known = found->low || found->high;
    if (!*known)
        set->count++;
    *found = wanted;
    return CALO_OK;
}

void calo_name_set_finish(calo_name_set *set)
{
    free(set->keys);
    *set = (calo_name_set){0};
}
