/* Files of states: numbers in rows, one row a state. */
#ifndef CALO_JOB_STATE_ROWS_H
#define CALO_JOB_STATE_ROWS_H

#include <calotype/status.h>

typedef struct calo_state_rows {
    double *values; /* row after row */
    size_t count, columns;
} calo_state_rows;

/* Text as numpy.savetxt writes it: numbers with commas, semicolons or blanks between, as many in every row; empty lines
 * and what follows a '#' do not count. `name` stands for the file in messages. The caller finishes the rows. */
calo_status calo_state_rows_parse(const char *text, size_t size, const char *name, calo_state_rows *rows, calo_error *err);
calo_status calo_state_rows_load(const char *path, const calo_limits *limits, calo_state_rows *rows, calo_error *err);
void calo_state_rows_finish(calo_state_rows *rows);

#endif
