/* What a run is doing now: a few lines on a terminal that are drawn anew in place, plain lines elsewhere, and RUN/live.json
 * for `calotype dataset status`. */
#ifndef CALO_DATASET_LIVE_H
#define CALO_DATASET_LIVE_H

#include <stdio.h>

#include "dataset/reason.h"

typedef struct calo_live_worker {
    const char *object; /* NULL: it waits */
    double seconds;     /* since it got it */
} calo_live_worker;

/* Filled by the engine, borrowed for the call. */
typedef struct calo_live_numbers {
    uint64_t total;                /* samples of this run; 0: not known */
    uint64_t done, failed, staged; /* done: in the destination; staged: rendered, on their way there */
    uint64_t before;               /* of done, failed and staged: by earlier sessions */
    uint64_t fetching, ready, rendering, writing; /* waiting for or in each */
    uint64_t restarts;             /* of workers */
    const calo_live_worker *workers;
    size_t worker_count;
    const char *trouble;           /* a sentence that the user should see; NULL: none */
} calo_live_numbers;

typedef struct calo_live calo_live; /* one thread at a time */

/* Shows on `to` (standard error; borrowed): drawn in place if it is a terminal, else a line every half minute. `quiet`: nothing
 * is shown. `run_folder` NULL: no live.json. NULL when there is no memory. */
calo_live *calo_live_create(const char *run_folder, FILE *to, bool quiet);
/* Takes the lines off the screen, and removes live.json. */
void calo_live_destroy(calo_live *live);
/* Whether calo_live_show may have something to do: asked every turn of a loop, as counting takes time. */
bool calo_live_is_due(const calo_live *live, double now);
/* To be called often: draws at most five times a second, writes live.json every two. `now`:
 * monotonic seconds. */
void calo_live_show(calo_live *live, const calo_live_numbers *numbers, double now);
/* Shown in the list of the last failures (three of them). */
void calo_live_failure(calo_live *live, const char *object, calo_reason reason);
/* A sentence that stays, above the lines that are drawn anew. */
void calo_live_say(calo_live *live, const char *sentence);

/* "2 h 05 min", "3 min 20 s", "7.2 s", into `text`, which is returned. */
const char *calo_duration_text(double seconds, char text[32]);
/* "12,345". */
const char *calo_count_text(uint64_t count, char text[32]);
/* The bytes of the character at `at`, at least 1. `shown` false: people must not see it as it is: it is not UTF-8, a control
 * (terminals obey some), or turns the direction of writing. */
size_t calo_shown_character(const char *at, bool *shown);
/* One line of what may hold anything for at most `columns` (at least 2) of a terminal: characters that are not shown become
 * '?', a long one loses its middle. malloc'ed; NULL when there is no memory. */
char *calo_terminal_text(const char *text, size_t columns);

#endif
