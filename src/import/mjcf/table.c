#include "import/mjcf/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { FIRST_CAPACITY = 16, SLOTS_PER_KEY = 2 };

void calo_mjcf_table_finish(calo_mjcf_table *table)
{
    free(table->keys);
    free(table->values);
    free(table->slots);
    *table = (calo_mjcf_table){.key_bytes = table->key_bytes};
}

static uint64_t hash_of(const uint8_t *bytes, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *find_slot(const calo_mjcf_table *table, const void *key)
{
    size_t mask = (size_t)table->capacity * SLOTS_PER_KEY - 1, at = hash_of(key, table->key_bytes) & mask;
    for (; table->slots[at]; at = (at + 1) & mask)
        if (memcmp(table->keys + (table->slots[at] - 1) * table->key_bytes, key, table->key_bytes) == 0)
            break;
    return &table->slots[at];
}

static calo_status grow(calo_mjcf_table *table, calo_error *err)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    uint8_t *keys = realloc(table->keys, capacity * table->key_bytes);
    table->keys = keys ? keys : table->keys;
    int32_t *values = realloc(table->values, capacity * sizeof *values);
    table->values = values ? values : table->values;
    uint32_t *slots = calloc((size_t)capacity * SLOTS_PER_KEY, sizeof *slots);
    if (!keys || !values || !slots) {
        free(slots);
        return calo_fail_memory(err, "a model's looks", capacity * table->key_bytes);
    }
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    for (uint32_t i = 0; i < table->count; i++)
        *find_slot(table, table->keys + i * table->key_bytes) = i + 1;
    return CALO_OK;
}

int32_t *calo_mjcf_table_find(calo_mjcf_table *table, const void *key, calo_error *err)
{
    if (table->count == table->capacity && grow(table, err) != CALO_OK)
        return NULL;
    uint32_t *slot = find_slot(table, key);
    if (!*slot) {
        memcpy(table->keys + table->count * table->key_bytes, key, table->key_bytes);
        table->values[table->count++] = -1;
        *slot = table->count;
    }
    return &table->values[*slot - 1];
}
