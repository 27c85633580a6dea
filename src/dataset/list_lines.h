/* A file of lines, plain or gzip, read as a stream: lists of objects and the maps of uids. */
#ifndef CALO_DATASET_LIST_LINES_H
#define CALO_DATASET_LIST_LINES_H

#include "base/blob.h"

enum { CALO_LINE_BYTES_MAX = 1 << 20 };

typedef struct calo_lines calo_lines; /* one thread at a time */

/* `path` "-" is standard input. A byte order mark is skipped; UTF-16 is refused with a sentence. */
calo_status calo_lines_open(const char *path, calo_lines **lines, calo_error *err);
void calo_lines_close(calo_lines *lines);

/* The next line without its end (\n or \r\n), NUL-terminated, the caller's to change until the next call; `*line` is NULL at
 * the end of the file. A NUL byte within and more than CALO_LINE_BYTES_MAX are errors. */
calo_status calo_lines_next(calo_lines *lines, char **line, calo_error *err);
/* Puts the line after it behind the line, and a \n between them: for quoted line ends. `*line` NULL: there is none. */
calo_status calo_lines_extend(calo_lines *lines, char **line, calo_error *err);
/* The next byte, or -1 at the end of the file, or -2 after a failure. Not to be mixed with lines. */
int calo_lines_byte(calo_lines *lines, calo_error *err);

/* What sentences say: the path, and the number (from 1) of the line that the last one began with. */
const char *calo_lines_name(const calo_lines *lines);
uint64_t calo_lines_number(const calo_lines *lines);

#endif
