#include "import/obj_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { FIRST_SLOTS = 32 };

static uint64_t hash_name(const char *name, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* The slot that holds the name, or the free one where it belongs. */
static uint32_t *slot_of(const calo_obj_names *names, const char *name, size_t length)
{
    uint64_t at = hash_name(name, length) & (names->slot_count - 1);
    for (; names->slots[at]; at = (at + 1) & (names->slot_count - 1)) {
        const char *other = names->names[names->slots[at] - 1];
        if (strncmp(other, name, length) == 0 && other[length] == '\0')
            break;
    }
    return &names->slots[at];
}

/* A NUL within the bytes ends the name, as it does in the copy that is kept. */
int32_t calo_obj_names_find(const calo_obj_names *names, const char *name, size_t length)
{
    return names->slot_count ? (int32_t)*slot_of(names, name, strnlen(name, length)) - 1 : -1;
}

/* Room for one more name with at least half of the slots free. */
static calo_status grow(calo_obj_names *names, calo_error *err)
{
    if ((uint64_t)names->count * 2 + 2 <= names->slot_count)
        return CALO_OK;
    uint32_t slot_count = names->slot_count ? names->slot_count * 2 : FIRST_SLOTS;
    if (slot_count > UINT32_MAX / 4)
        return calo_fail(err, CALO_ERROR_LIMIT, "more than %u names", names->count);
    const char **grown = realloc(names->names, slot_count / 2 * sizeof *grown);
    if (grown)
        names->names = grown;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!grown || !slots) {
        free(slots);
        return calo_fail_memory(err, "a table of names", slot_count * sizeof *slots);
    }
    free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    for (uint32_t i = 0; i < names->count; i++)
        *slot_of(names, names->names[i], strlen(names->names[i])) = i + 1;
    return CALO_OK;
}

int32_t calo_obj_names_add(calo_obj_names *names, calo_arena *arena, const char *name, size_t length, calo_error *err)
{
    length = strnlen(name, length);
    int32_t known = calo_obj_names_find(names, name, length);
    if (known >= 0)
        return known;
    if (grow(names, err) != CALO_OK)
        return -1;
    char *copy = calo_arena_text(arena, name, length, err);
    if (!copy)
        return -1;
    *slot_of(names, name, length) = names->count + 1;
    names->names[names->count] = copy;
    return (int32_t)names->count++;
}

void calo_obj_names_finish(calo_obj_names *names)
{
    free(names->names);
    free(names->slots);
    *names = (calo_obj_names){0};
}
