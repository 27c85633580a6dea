/* A request that is tried again until it is answered: which answers are worth it, pauses, the sentences of those that fail. */
#ifndef CALO_TRANSFER_TASK_H
#define CALO_TRANSFER_TASK_H

#include "base/random.h"
#include "transfer/exchange.h"
#include "transfer/s3.h"
#include "transfer/transfer.h"

struct calo_transfer {
    calo_transfer_options options; /* nothing is 0 but what may be NULL */
    calo_connection *connection;
    calo_s3 *s3;                   /* NULL: not needed so far */
    calo_random random;            /* of pauses */
};

/* What a task makes of an exchange that came to its end (a good answer, or one that it stopped itself). */
typedef enum calo_task_step {
    CALO_TASK_DONE = 0,
    CALO_TASK_AGAIN,   /* `why` says what was wrong */
    CALO_TASK_ENDED,   /* `end` and the sentence say it */
} calo_task_step;

typedef struct calo_task {
    const char *verb;   /* "download" */
    const char *place;  /* for sentences; see calo_url_shown */
    void *user;
    /* Fills the request before each try (s3: signs it anew). A failure is this machine's. */
    calo_status (*prepare)(void *user, calo_exchange *exchange, calo_error *err);
    bool judges_ranges; /* also answers of 416 (Range Not Satisfiable) are judged */
    /* NULL: every good answer is the end. */
    calo_task_step (*judge)(void *user, const calo_answer *answer, bool is_stopped, calo_transfer_end *end, char why[256],
                            calo_error *err);
} calo_task;

calo_transfer_end calo_task_run(calo_transfer *transfer, const calo_task *task, calo_answer *answer, calo_error *err);

#endif
