/* A list of objects while it is made: what reads the inputs, and what writes the list into the run's folder. */
#ifndef CALO_DATASET_LIST_WRITER_H
#define CALO_DATASET_LIST_WRITER_H

#include "dataset/object_list.h"

#define CALO_LIST_FILE "objects.jsonl"
#define CALO_LIST_INDEX_FILE "objects.index"

/* objects.index: this, and then where each line of objects.jsonl begins, and where the last one ends, as uint64_t. */
typedef struct calo_list_index {
    char magic[8]; /* "CALOIDX1" */
    uint64_t count;
    char sha256[65]; /* of objects.jsonl */
    char zeros[7];
} calo_list_index;
#define CALO_LIST_MAGIC "CALOIDX1"

/* Where an object was named; `line` 0: on the command line. */
typedef struct calo_list_place {
    const char *file;
    uint64_t line;
} calo_list_place;

/* "objects.txt, line 12" */
enum { CALO_LIST_PLACE_BYTES = 400 };
const char *calo_list_place_text(calo_list_place place, char text[CALO_LIST_PLACE_BYTES]);

typedef struct calo_list_writer calo_list_writer;

calo_status calo_list_writer_create(const calo_list_options *options, const char *folder, calo_list_warning warn, void *user,
                                    calo_list_writer **writer, calo_error *err);
/* Throws away what calo_list_writer_end has not put into place. */
void calo_list_writer_destroy(calo_list_writer *writer);
/* `object` is borrowed; where it has no location, one is found for it. CALO_ERROR_CANCELLED, without a sentence, once the
 * limit of objects is reached. */
calo_status calo_list_writer_add(calo_list_writer *writer, const calo_object *object, calo_list_place place, calo_error *err);
/* Warns of what was odd, and puts the files into place. */
calo_status calo_list_writer_end(calo_list_writer *writer, calo_error *err);

/* list_read.c: adds the objects of a file. "-" is standard input. */
calo_status calo_list_read(const char *path, calo_list_writer *writer, calo_error *err);
/* Whether a file is a list by its name: .txt, .csv, .jsonl, .ndjson, .parquet, each also with .gz. */
bool calo_is_list_name(const char *path);

#endif
