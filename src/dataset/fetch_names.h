/* What files from elsewhere are called on this machine. */
#ifndef CALO_DATASET_FETCH_NAMES_H
#define CALO_DATASET_FETCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A copy of `length` bytes with %20 and the like decoded; malloc'ed, NULL when memory ends. */
char *calo_url_decode(const char *text, size_t length);

/* The plain file name that a URL ends with; "object" if there is none such. malloc'ed. */
char *calo_url_file_name(const char *url);

/* Where --download-dir keeps a URL: "host/folder/name", in which every part is plain. A part that had to be changed to be so,
 * and a name with a query behind it, has some digits of its hash behind it: no two URLs share a file. malloc'ed. */
char *calo_url_keep_path(const char *url);

#endif
