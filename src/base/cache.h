/* The inside of calo_cache: blobs under keys. A cache of NULL finds nothing and keeps nothing. */
#ifndef CALO_BASE_CACHE_H
#define CALO_BASE_CACHE_H

#include <calotype/cache.h>

#include "base/hash.h"

enum { CALO_CACHE_ALIGNMENT = 64 };

/* What a part takes in an entry: filled up with zeros, so that the next one is aligned too. */
static inline uint64_t calo_cache_padded(uint64_t size)
{
    return (size + CALO_CACHE_ALIGNMENT - 1) / CALO_CACHE_ALIGNMENT * CALO_CACHE_ALIGNMENT;
}

typedef struct calo_cache_part {
    const void *bytes;
    size_t size;
} calo_cache_part;

/* The key of what is made of `parts`: every input and every option that matters. `kind` names the content and the
 * version of its layout ("mips 1"): change it when either changes. Calotype's version is part of every key. */
calo_sha256 calo_cache_key(const char *kind, const calo_cache_part *parts, size_t count);

/* What was put under a key, mapped for reading only. */
typedef struct calo_cache_entry {
    const void *bytes; /* the parts one behind the other, each at a multiple of CALO_CACHE_ALIGNMENT */
    size_t size;       /* the sum of their padded sizes */
    void *mapping;
    size_t mapping_bytes;
} calo_cache_entry;

/* False when it is not there, or is not whole and undamaged. The bytes are those that were put unless someone forged
 * a file, which anyone can who may write into the folder: sizes and indices among them are to be checked before use.
 * The caller finishes the entry, or gives it to an arena (calo_arena_adopt_mapping). Thread-safe. */
bool calo_cache_find(calo_cache *cache, const calo_sha256 *key, calo_cache_entry *entry);
void calo_cache_entry_finish(calo_cache_entry *entry);

/* Keeps the parts instead of what was there. Thread-safe. */
void calo_cache_put(calo_cache *cache, const calo_sha256 *key, const calo_cache_part *parts, size_t count);

/* Removes what was not used for the longest time while there is more than the limit, and temporary files that a
 * killed process left. Called by calo_cache_put now and then. */
void calo_cache_trim(calo_cache *cache);

#endif
