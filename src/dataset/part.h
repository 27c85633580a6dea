/* What a data set is made of.
 *
 * An object is a line of the list. A sample is what is rendered of one object, or of some that are placed in one scene.
 * A part is what appears in the destination at once: a folder, a zip, a shard, a chunk. Parts are also what machines take
 * from a queue, so a part holds all that is needed to make it. */
#ifndef CALO_DATASET_PART_H
#define CALO_DATASET_PART_H

#include <calotype/status.h>

typedef struct calo_object {
    char *file_identifier; /* as the list has it: path, URL or uid */
    char *location;        /* where to fetch it; NULL: the identifier */
    char *sha256;          /* 64 lower-case digits; NULL: not known */
} calo_object;

typedef struct calo_sample {
    uint64_t number;  /* from 0, in the order of the list */
    char *name;       /* unique and a plain file name: the uuid5 of the file identifier, a stem, or "scene-000012" */
    calo_object *objects;
    size_t object_count; /* 1, or up to --num-objects */
} calo_sample;

typedef struct calo_part {
    uint64_t number;    /* from 0 */
    char *name;         /* without ending, relative to the destination, such as "train/000003", or the sample's name */
    calo_sample *samples;
    size_t sample_count;
} calo_part;

/* These free texts and lists, not the struct itself. */
void calo_object_finish(calo_object *object);
void calo_part_finish(calo_part *part);

/* A name that can stand in any folder: not hidden, at most 200 bytes of UTF-8 without slashes and control characters. */
bool calo_name_is_plain(const char *name);
/* Whether it names something in a folder itself: not empty, no slash, neither . nor .. */
bool calo_name_is_single(const char *name);

/* One line of JSON (no newline; malloc'ed), and back. What comes from a queue is not trusted: wrong types, names that are
 * not plain and more than the limits are errors. */
calo_status calo_part_print(const calo_part *part, char **text, calo_error *err);
calo_status calo_part_parse(const char *text, size_t size, calo_part *part, calo_error *err);

#endif
