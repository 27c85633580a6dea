/* The objects of a run, in order, kept as files in the run's folder: objects.jsonl, and objects.index, where its lines begin. */
#ifndef CALO_DATASET_OBJECT_LIST_H
#define CALO_DATASET_OBJECT_LIST_H

#include "dataset/part.h"

typedef struct calo_list_options {
    /* Paths, globs (with **), folders (their files with endings of 3D formats), URLs, uids, lists by their endings, and "-". */
    const char *const *inputs;
    size_t input_count;
    /* Files of objects: .txt (an object a line; # begins a line of comment), .csv, .jsonl; [.gz]. "-" is standard input. */
    const char *const *lists;
    size_t list_count;
    const char *uid_paths; /* Objaverse's object-paths.json[.gz]; NULL: see docs/dataset.md */
    const char *uid_base;  /* what comes before these paths, a folder or a URL; NULL: Objaverse's */
    uint64_t skip, limit;  /* objects of the list; limit 0: all */
} calo_list_options;

/* What is odd but no reason to stop, such as an object that is named twice; told once for all of a kind. */
typedef void (*calo_list_warning)(void *user, const char *sentence);

/* Writes the list of the options into `folder`, whole or not at all. Objects that are named twice are left out. Memory stays
 * in proportion to the number of objects (some 16 bytes each). */
calo_status calo_object_list_write(const calo_list_options *options, const char *folder, calo_list_warning warn, void *user,
                                   calo_error *err);

typedef struct calo_object_list calo_object_list; /* read only, on the disk: some bytes of memory however long */

calo_status calo_object_list_open(const char *folder, calo_object_list **list, calo_error *err);
void calo_object_list_close(calo_object_list *list);
uint64_t calo_object_list_count(const calo_object_list *list);
const char *calo_object_list_sha256(const calo_object_list *list); /* of objects.jsonl: tells whether it is the same list */
/* The caller finishes the object's texts (calo_object_finish). */
calo_status calo_object_list_get(const calo_object_list *list, uint64_t index, calo_object *object, calo_error *err);

#endif
