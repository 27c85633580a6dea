/* Corners to vertex numbers: the same corner gets the same number. */
#ifndef CALO_IMPORT_OBJ_TABLE_H
#define CALO_IMPORT_OBJ_TABLE_H

#include "import/obj.h"

/* All-zero to begin with; used for one primitive after the other. */
typedef struct calo_obj_table {
    calo_obj_corner *keys; /* [number] */
    uint32_t *slots;       /* open addressing: number + 1, 0 = free */
    size_t key_capacity, slot_capacity;
    uint32_t count, mask;
    /* The number last given to a corner at each position, of any primitive; NULL: not kept. Neighbouring faces mostly
     * ask for it, and it lies nearer than a slot. */
    uint32_t *recent;
} calo_obj_table;

/* Empties the table and makes room for `count` different corners. */
calo_status calo_obj_table_reset(calo_obj_table *table, size_t count, calo_error *err);
void calo_obj_table_finish(calo_obj_table *table);

static inline uint64_t calo_obj_corner_hash(calo_obj_corner key)
{
    uint64_t hash = ((uint64_t)(uint32_t)key.position << 32 | (uint32_t)key.uv) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 29 ^ (uint32_t)key.normal) * 0xbf58476d1ce4e5b9u;
    return hash ^ hash >> 32;
}

static inline bool calo_obj_table_is(const calo_obj_table *table, uint32_t number, calo_obj_corner key)
{
    const calo_obj_corner *other = &table->keys[number];
    return other->position == key.position && other->uv == key.uv && other->normal == key.normal;
}

static inline uint32_t calo_obj_table_find(calo_obj_table *table, calo_obj_corner key)
{
    uint32_t at = (uint32_t)calo_obj_corner_hash(key) & table->mask;
    for (; table->slots[at]; at = (at + 1) & table->mask)
        if (calo_obj_table_is(table, table->slots[at] - 1, key))
            return table->slots[at] - 1;
    table->keys[table->count] = key;
    table->slots[at] = ++table->count;
    return table->count - 1;
}

/* At most as many different corners as the table has room for. */
static inline uint32_t calo_obj_table_number(calo_obj_table *table, calo_obj_corner key)
{
    if (!table->recent)
        return calo_obj_table_find(table, key);
    uint32_t *recent = &table->recent[key.position];
    if (*recent >= table->count || !calo_obj_table_is(table, *recent, key))
        *recent = calo_obj_table_find(table, key);
    return *recent;
}

#endif
