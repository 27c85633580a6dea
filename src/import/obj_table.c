#include "import/obj_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/large.h"

/* Room for `count` items of an array whose content is not kept. */
static calo_status make_room(void **items, size_t *capacity, size_t count, size_t item_bytes, calo_error *err)
{
    if (count <= *capacity)
        return CALO_OK;
    free(*items);
    *capacity = 0;
    *items = calo_large_alloc(count * item_bytes);
    if (!*items)
        return calo_fail_memory(err, "the vertices of an OBJ file", count * item_bytes);
    *capacity = count;
    return CALO_OK;
}

calo_status calo_obj_table_reset(calo_obj_table *table, size_t count, calo_error *err)
{
    size_t slot_count = 16;
    while (slot_count < 2 * count)
        slot_count *= 2;
    if (slot_count > (size_t)UINT32_MAX + 1)
        return calo_fail(err, CALO_ERROR_LIMIT, "%zu corners of faces with one material are too many", count);
    void *keys = table->keys, *slots = table->slots;
    calo_status status = make_room(&keys, &table->key_capacity, count, sizeof *table->keys, err);
    if (status == CALO_OK)
        status = make_room(&slots, &table->slot_capacity, slot_count, sizeof *table->slots, err);
    table->keys = keys;
    table->slots = slots;
    if (status != CALO_OK)
        return status;
    memset(table->slots, 0, slot_count * sizeof *table->slots);
    table->mask = (uint32_t)(slot_count - 1);
    table->count = 0;
    return CALO_OK;
}

void calo_obj_table_finish(calo_obj_table *table)
{
    free(table->keys);
    free(table->slots);
    free(table->recent);
    *table = (calo_obj_table){0};
}
