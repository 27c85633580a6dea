/* A folder for a test, files in it, and lists that are read back. */
#ifndef TESTS_DATASET_LIST_SAMPLE_H
#define TESTS_DATASET_LIST_SAMPLE_H

#include "dataset/object_list.h"

enum { SAMPLE_PATH_BYTES = 512 };

/* An empty folder that is also the current one; sample_leave removes it. */
void sample_enter(char folder[SAMPLE_PATH_BYTES]);
void sample_leave(const char *folder);

/* Writes a file, and the folders that it lies in. */
void sample_write(const char *path, const void *bytes, size_t size);
void sample_text(const char *path, const char *text);
void sample_gzip(const char *path, const char *text);

/* Writes a list and opens it; the test fails if that does. `warnings` may be NULL; they stand one a line. */
calo_object_list *sample_list(const calo_list_options *options, char *warnings, size_t warnings_size);
/* Its identifiers with blanks between. */
void sample_identifiers(const calo_object_list *list, char *text, size_t size);

#endif
