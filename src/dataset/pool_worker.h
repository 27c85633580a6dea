/* One worker as its pool sees it: a process, a socket, its last words. */
#ifndef CALO_DATASET_POOL_WORKER_H
#define CALO_DATASET_POOL_WORKER_H

#include <sys/types.h>

#include "dataset/pool.h"
#include "dataset/worker_message.h"

typedef struct calo_pool_worker {
    pid_t pid;            /* 0: there is none */
    int process;          /* pidfd: readable when it has ended. -1: none, as of the others */
    int socket, complaints; /* complaints: its standard error */
    calo_inbox inbox;
    calo_blob outbox;
    size_t sent;
    char last_words[2048]; /* the end of what it complained of */
    size_t last_words_size;
    bool ready, killed;
    uint64_t start_bytes;  /* of memory, when it was ready */
} calo_pool_worker;

/* How a worker ended. */
typedef struct calo_pool_end {
    int signal; /* 0: by itself */
    int code;
} calo_pool_end;

/* Starts the program and leaves the setup in the outbox. All-zero with -1 as files before, and after calo_pool_worker_end. */
calo_status calo_pool_worker_start(calo_pool_worker *worker, const calo_pool_options *options,
                                   const calo_message *setup, calo_error *err);
/* Sends what the socket takes. A worker that is gone is found otherwise. */
void calo_pool_worker_send(calo_pool_worker *worker);
/* Takes in what it complains of. */
void calo_pool_worker_listen(calo_pool_worker *worker);
void calo_pool_worker_kill(calo_pool_worker *worker);
/* Waits for its end (it was killed, or `process` is readable), and closes everything. */
calo_pool_end calo_pool_worker_end(calo_pool_worker *worker);
/* Memory of its own that is in use; 0 when it is gone. */
uint64_t calo_pool_worker_bytes(const calo_pool_worker *worker);
/* Into a sentence: "was killed by SIGSEGV (Segmentation fault)", "ended with code 3". */
void calo_pool_end_print(const calo_pool_end *end, char *text, size_t size);

#endif
