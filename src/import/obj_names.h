/* Names to numbers, in the order of their first appearance. */
#ifndef CALO_IMPORT_OBJ_NAMES_H
#define CALO_IMPORT_OBJ_NAMES_H

#include "base/arena.h"

/* All-zero is empty. The texts live in the arena given; the tables are malloc'ed. */
typedef struct calo_obj_names {
    const char **names;
    uint32_t *slots; /* open addressing: number + 1, 0 = free */
    uint32_t count, slot_count;
} calo_obj_names;

/* The number of `name`, or -1. */
int32_t calo_obj_names_find(const calo_obj_names *names, const char *name, size_t length);

/* The same, and adds it when it is new; -1 with `err` filled when memory ends. */
int32_t calo_obj_names_add(calo_obj_names *names, calo_arena *arena, const char *name, size_t length, calo_error *err);
void calo_obj_names_finish(calo_obj_names *names);

#endif
